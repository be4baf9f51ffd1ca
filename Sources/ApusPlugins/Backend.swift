// Backend owns a plugin's storage backend: its options, and the servers that are open.

public import ApusBase
import CApusABI
private import Synchronization

/// An option that a backend knows.
public struct BackendOption: Sendable, Hashable {
  public let name: String
  public let description: String
  public let isForServer: Bool
  public let isForTable: Bool
  public let isRequired: Bool
  /// Not to be shown to anybody.
  public let isSecret: Bool
}

public struct BackendCapabilities: OptionSet, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let create = Self(rawValue: UInt64(APUS_BACKEND_CREATE))
  public static let append = Self(rawValue: UInt64(APUS_BACKEND_APPEND))
  public static let delete = Self(rawValue: UInt64(APUS_BACKEND_DELETE))
  public static let describe = Self(rawValue: UInt64(APUS_BACKEND_DESCRIBE))
  public static let paths = Self(rawValue: UInt64(APUS_BACKEND_PATHS))
  public static let readOwnWrites = Self(rawValue: UInt64(APUS_BACKEND_READ_OWN_WRITES))

  public var names: [String] {
    let all: [(Self, String)] = [
      (.create, "create"), (.append, "append"), (.delete, "delete"), (.describe, "describe"), (.paths, "paths"),
      (.readOwnWrites, "read own writes"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}

/// What a plugin says of its backend.
public final class Backend: @unchecked Sendable {
  let raw: ApusBackend
  private(set) unowned var plugin: Plugin
  public let options: [BackendOption]
  public let capabilities: BackendCapabilities

  init(_ pointer: UnsafePointer<ApusBackend>, plugin: Plugin) throws(ApusError) {
    let raw = readSized(pointer, ApusBackend())
    self.raw = raw
    self.plugin = plugin
    capabilities = BackendCapabilities(rawValue: raw.capabilities)
    func need(_ isThere: Bool, _ what: String) throws(ApusError) {
      if !isThere { throw Plugin.bad(plugin.file, "its backend lacks \(what)") }
    }
    try need(raw.open != nil && raw.close != nil && raw.probe != nil, "open, close or probe")
    try need(
      raw.prepare_scan != nil && raw.execute_scan != nil && raw.release_scan != nil,
      "prepare_scan, execute_scan or release_scan")
    if capabilities.contains(.describe) {
      try need(raw.list_tables != nil && raw.describe_table != nil, "list_tables or describe_table")
    }
    if capabilities.contains(.create) {
      try need(raw.create_table != nil && raw.drop_table != nil, "create_table or drop_table")
    }
    if capabilities.contains(.append) || capabilities.contains(.delete) {
      try need(raw.begin != nil && raw.commit != nil && raw.rollback != nil, "begin, commit or rollback")
    }
    if capabilities.contains(.append) { try need(raw.append != nil, "append") }
    if capabilities.contains(.delete) { try need(raw.delete_rows != nil, "delete_rows") }
    options = try Self.options(raw, plugin)
  }

  private static func options(_ raw: ApusBackend, _ plugin: Plugin) throws(ApusError) -> [BackendOption] {
    guard raw.option_count <= 1000, raw.option_count == 0 || raw.options != nil else {
      throw Plugin.bad(plugin.file, "its backend says it has \(raw.option_count) options")
    }
    var found: [BackendOption] = []
    for index in 0..<raw.option_count {
      guard let pointer = raw.options[index] else {
        throw Plugin.bad(plugin.file, "option \(index + 1) of its backend is NULL")
      }
      let spec = readSized(pointer, ApusOptionSpec())
      guard let name = text(spec.name), isPlainName(name) else {
        throw Plugin.bad(plugin.file, "option \(index + 1) of its backend has no name")
      }
      found.append(
        BackendOption(
          name: name, description: text(spec.description) ?? "",
          isForServer: spec.scope & UInt32(APUS_OPTION_SERVER) != 0,
          isForTable: spec.scope & UInt32(APUS_OPTION_TABLE) != 0, isRequired: spec.required != 0,
          isSecret: spec.secret != 0 || name == "password"))
    }
    return found
  }

  public func isSecret(_ option: String) -> Bool {
    option == "password" || options.contains { $0.name == option && $0.isSecret }
  }

  /// Unknown options are refused, and required ones asked for. `known` are those that the server itself reads.
  public func check(
    _ given: [String: String], forTable: Bool, besides known: Set<String> = []
  ) throws(ApusError) {
    let fitting = options.filter { forTable ? $0.isForTable : $0.isForServer }
    for name in given.keys.sorted() where !known.contains(name) && !fitting.contains(where: { $0.name == name }) {
      let names = (known.sorted() + fitting.map(\.name)).joined(separator: ", ")
      throw ApusError(
        SQLState("HV00D"), "invalid option \"\(name)\"",
        hint: names.isEmpty
          ? "There are no valid options in this context." : "Valid options in this context are: \(names)")
    }
    for option in fitting where option.isRequired && given[option.name] == nil {
      throw ApusError(
        SQLState("HV00B"), "option \"\(option.name)\" is required by \"\(plugin.name)\"",
        detail: option.description.isEmpty ? nil : option.description)
    }
  }
}

/// What a server tells of itself.
public struct BackendServerInfo: Sendable {
  public let version: String
  public let capabilities: BackendCapabilities
}

/// A server as CREATE SERVER describes it. It is opened when it is first used.
public final class BackendServer: @unchecked Sendable {
  public let name: String
  public let plugin: Plugin
  public let backend: Backend
  public let options: [String: String]
  let gate: Gate
  private let opening = Gate(isSerial: true)
  private var handle: OpaquePointer?

  public init(name: String, plugin: Plugin, options: [String: String]) throws(ApusError) {
    guard let backend = plugin.backend else {
      throw ApusError(.wrongObjectType, "plugin \"\(plugin.name)\" is not a storage backend")
    }
    self.name = name
    self.plugin = plugin
    self.backend = backend
    self.options = options
    gate =
      plugin.threading == UInt32(APUS_THREADS_SERIAL_SERVER.rawValue) ? Gate(isSerial: true) : plugin.gate
  }

  deinit {
    if let handle { try? gate.run { () throws(ApusError) in backend.raw.close(handle) } }
  }

  private func opened() throws(ApusError) -> OpaquePointer {
    try opening.run { () throws(ApusError) -> OpaquePointer in
      if let handle { return handle }
      let arena = Arena()
      let list = options.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
      let pointer = arena.options(list)
      var made: OpaquePointer?
      try gate.run { () throws(ApusError) in
        try ApusPluginError.calling(plugin.name) { backend.raw.open(backend.raw.state, list.count, pointer, &made, $0) }
      }
      withExtendedLifetime(arena) {}
      guard let made else {
        throw ApusError(.internalError, "plugin \"\(plugin.name)\" opened server \"\(name)\" without a handle")
      }
      handle = made
      return made
    }
  }

  /// Calls a function of the backend with the open server.
  func call(
    _ body: (ApusBackend, OpaquePointer, UnsafeMutablePointer<ApusPluginError>) -> Int32
  ) throws(ApusError) {
    let handle = try opened()
    let raw = backend.raw
    do throws(ApusError) {
      try gate.run { () throws(ApusError) in
        try ApusPluginError.calling(plugin.name) { body(raw, handle, $0) }
      }
    } catch {
      var located = error
      located.context = "server \"\(name)\" of plugin \"\(plugin.name)\""
      throw located
    }
  }

  // MARK: - Definitions

  public func probe() throws(ApusError) -> BackendServerInfo {
    var info = ApusServerInfo()
    info.size = MemoryLayout<ApusServerInfo>.size
    try call { $0.probe($1, &info, $2) }
    let version = withUnsafeBytes(of: info.version) { raw in String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self) }
    return BackendServerInfo(
      version: version, capabilities: BackendCapabilities(rawValue: info.capabilities & backend.raw.capabilities))
  }

  /// Throws 0A000 when the backend cannot do what is wanted.
  public func require(_ capability: BackendCapabilities, _ what: String) throws(ApusError) {
    guard backend.capabilities.contains(capability) else {
      throw ApusError.unsupported("\(what) by storage backend \"\(plugin.name)\" is")
    }
  }

  public func tables(schema: String?) throws(ApusError) -> [String] {
    try require(.describe, "the listing of tables")
    let arena = Arena()
    let place = schema.map { arena.string($0) }
    var names = ApusNames()
    try call { $0.list_tables($1, place, &names, $2) }
    withExtendedLifetime(arena) {}
    defer { if let release = names.release { release(&names) } }
    guard names.count <= 1_000_000, names.count == 0 || names.names != nil else {
      throw ApusError(.internalError, "plugin \"\(plugin.name)\" lists \(names.count) tables")
    }
    var found: [String] = []
    for index in 0..<names.count { if let name = text(names.names[index]) { found.append(name) } }
    return found
  }
}
