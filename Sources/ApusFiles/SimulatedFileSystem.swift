// SimulatedFileSystem owns a file system in memory that knows which bytes and names would survive a crash, and that can
// be told to fail. Every crash and fault test of the store runs on it.

public import ApusBase
private import Glibc
private import Synchronization

/// An error to inject.
public enum SimulatedFault: Sendable, Hashable {
  case inputOutput
  case noSpace
  var code: Int32 { self == .noSpace ? ENOSPC : EIO }
}

/// Files in memory. Writes are pending until `synchronise`, names until `synchroniseDirectory`; `crashClone` yields the
/// disk as it may look after a power cut. Reads see everything written, pending or not.
public final class SimulatedFileSystem: FileSystem {
  /// Sectors are written whole or not at all.
  public static let sectorBytes = 512

  enum Pending: Sendable {
    case write(offset: Int, bytes: [UInt8])
    case resize(Int)
  }

  // Touched only under the file system's lock.
  final class Node: @unchecked Sendable {
    var content: [UInt8] = []
    var durable: [UInt8] = []
    var pending: [Pending] = []

    /// Brings `durable` up to `content`.
    func settle() {
      for change in pending { Self.apply(change, to: &durable) }
      pending.removeAll()
    }

    static func apply(_ change: Pending, to bytes: inout [UInt8]) {
      switch change {
      case .write(let offset, let data): place(data[...], at: offset, in: &bytes)
      case .resize(let size): resize(&bytes, to: size)
      }
    }

    static func resize(_ bytes: inout [UInt8], to size: Int) {
      if size < bytes.count {
        bytes.removeLast(bytes.count - size)
      } else {
        bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
      }
    }

    static func place(_ data: ArraySlice<UInt8>, at offset: Int, in bytes: inout [UInt8]) {
      if bytes.count < offset + data.count { resize(&bytes, to: offset + data.count) }
      bytes.withUnsafeMutableBytes { raw in
        data.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: raw[offset..<offset + source.count]).copyMemory(from: source)
        }
      }
    }
  }

  enum NameChange: Sendable {
    case set(String, Node)
    case remove(String)
    case rename(String, String)
    case makeDirectory(String)
    case removeDirectory(String)

    /// The directory whose synchronisation makes the change durable.
    var directory: String {
      switch self {
      case .set(let path, _), .remove(let path), .makeDirectory(let path), .removeDirectory(let path):
        directoryName(path)
      case .rename(_, let target): directoryName(target)
      }
    }
  }

  struct Names: Sendable {
    var files: [String: Node] = [:]
    var directories: Set<String> = ["/", "."]

    mutating func apply(_ change: NameChange) {
      switch change {
      case .set(let path, let node): files[path] = node
      case .remove(let path): files[path] = nil
      case .rename(let source, let target):
        guard let node = files.removeValue(forKey: source) else { return }
        files[target] = node
      case .makeDirectory(let path): directories.insert(path)
      case .removeDirectory(let path): directories.remove(path)
      }
    }
  }

  struct State: Sendable {
    var names = Names()
    var durableNames = Names()
    var pendingNames: [NameChange] = []
    var locks: Set<String> = []
    var operations = 0
    var failAt: Int?
    var fault = SimulatedFault.inputOutput
    var isOff = false
    var offAt: Int?
    var space = DiskSpace(freeBytes: 1 << 40, totalBytes: 1 << 40)
  }

  private let state: Mutex<State>
  public let fatal: FatalStorage

  public init() {
    state = Mutex(State())
    fatal = FatalStorage { _ in }
  }

  private init(names: Names) {
    var state = State()
    state.names = names
    state.durableNames = names
    self.state = Mutex(state)
    fatal = FatalStorage { _ in }
  }

  // MARK: Faults

  /// Input and output calls so far, reads included.
  public var operationCount: Int { state.withLock { $0.operations } }

  /// Makes the call numbered `operation` (counted as `operationCount`, from now on) fail once.
  public func fail(operation: Int, with fault: SimulatedFault) {
    state.withLock {
      $0.failAt = $0.operations + operation
      $0.fault = fault
    }
  }

  /// From the call numbered `operation` from now on everything fails: the machine is off. `crashClone` is what is left.
  public func powerOff(afterOperations operation: Int) { state.withLock { $0.offAt = $0.operations + operation } }

  public func setDiskSpace(_ space: DiskSpace) { state.withLock { $0.space = space } }

  /// The disk after a power cut now: each pending name change and each pending sector may or may not be there, as
  /// `seed`
  /// says. This file system goes off.
  public func crashClone(seed: UInt64) -> SimulatedFileSystem {
    state.withLock { state in
      state.isOff = true
      var random = SeededRandom(seed: seed)
      var names = state.durableNames
      // Changes of one directory reach the disk in order; how far each directory got is chance.
      var lost: Set<String> = []
      for change in state.pendingNames where !lost.contains(change.directory) {
        if random.next() % 2 == 0 { lost.insert(change.directory) } else { names.apply(change) }
      }
      var copy = Names()
      copy.directories = names.directories
      for (path, node) in names.files.sorted(by: { $0.key < $1.key }) {
        let survivor = Node()
        survivor.durable = Self.surviving(node, &random)
        survivor.content = survivor.durable
        copy.files[path] = survivor
      }
      return SimulatedFileSystem(names: copy)
    }
  }

  private static func surviving(_ node: Node, _ random: inout SeededRandom) -> [UInt8] {
    var bytes = node.durable
    let percent = [0, 50, 90, 100][Int(random.next() % 4)]
    for change in node.pending {
      switch change {
      case .resize(let size): if Int(random.next() % 100) < percent { Node.resize(&bytes, to: size) }
      case .write(let offset, let data):
        var start = 0
        while start < data.count {
          let boundary = ((offset + start) / sectorBytes + 1) * sectorBytes
          let end = min(data.count, boundary - offset)
          if Int(random.next() % 100) < percent { Node.place(data[start..<end], at: offset + start, in: &bytes) }
          start = end
        }
      }
    }
    return bytes
  }

  /// Everything as it is, on a file system of its own: a copy of the disk after a clean stop.
  public func copy() -> SimulatedFileSystem {
    state.withLock { state in
      var names = Names()
      names.directories = state.names.directories
      for (path, node) in state.names.files {
        let twin = Node()
        twin.content = node.content
        twin.durable = node.content
        names.files[path] = twin
      }
      return SimulatedFileSystem(names: names)
    }
  }

  /// Every file's path, sorted.
  public var paths: [String] { state.withLock { $0.names.files.keys.sorted() } }

  /// Flips one bit of a file, durably.
  public func flipBit(_ bit: Int, ofByte offset: Int, in path: String) {
    state.withLock { state in
      guard let node = state.names.files[path], offset < node.content.count else { return }
      node.settle()
      node.content[offset] ^= 1 << UInt8(bit & 7)
      node.durable[offset] ^= 1 << UInt8(bit & 7)
    }
  }

  // MARK: Calls

  private func call<T>(
    _ verb: String, _ path: String, _ body: (inout State) -> Result<T, ApusError>
  ) throws(ApusError) -> T {
    let outcome: Result<T, ApusError> = state.withLock { state in
      state.operations += 1
      if let offAt = state.offAt, state.operations >= offAt { state.isOff = true }
      if state.isOff { return .failure(systemError(verb, path, EIO)) }
      if state.failAt == state.operations {
        state.failAt = nil
        return .failure(systemError(verb, path, state.fault.code))
      }
      return body(&state)
    }
    return try outcome.get()
  }

  public func open(_ path: String, _ mode: FileMode) throws(ApusError) -> any File {
    try call("open file", path) { state -> Result<any File, ApusError> in
      if state.names.files[path] != nil {
        if mode == .createNew { return .failure(systemError("open file", path, EEXIST)) }
        return .success(SimulatedFile(path: path, system: self, node: state.names.files[path]))
      }
      guard mode == .create || mode == .createNew else { return .failure(systemError("open file", path, ENOENT)) }
      guard state.names.directories.contains(directoryName(path)) else {
        return .failure(systemError("open file", path, ENOENT))
      }
      let node = Node()
      state.change(.set(path, node))
      return .success(SimulatedFile(path: path, system: self, node: node))
    }
  }

  public func exists(_ path: String) throws(ApusError) -> Bool {
    try call("look up", path) { state -> Result<Bool, ApusError> in
      .success(state.names.files[path] != nil || state.names.directories.contains(path))
    }
  }

  public func rename(_ source: String, to target: String) throws(ApusError) {
    try call("rename file", source) { state -> Result<Void, ApusError> in
      guard state.names.files[source] != nil else { return .failure(systemError("rename file", source, ENOENT)) }
      state.change(.rename(source, target))
      return .success(())
    }
  }

  public func remove(_ path: String) throws(ApusError) {
    try call("remove file", path) { state -> Result<Void, ApusError> in
      guard state.names.files[path] != nil else { return .failure(systemError("remove file", path, ENOENT)) }
      state.change(.remove(path))
      return .success(())
    }
  }

  public func removeDirectory(_ path: String) throws(ApusError) {
    try call("remove directory", path) { state -> Result<Void, ApusError> in
      guard state.names.directories.contains(path) else {
        return .failure(systemError("remove directory", path, ENOENT))
      }
      let lead = path + "/"
      if state.names.files.keys.contains(where: { $0.hasPrefix(lead) })
        || state.names.directories.contains(where: { $0.hasPrefix(lead) })
      {
        return .failure(systemError("remove directory", path, ENOTEMPTY))
      }
      state.change(.removeDirectory(path))
      return .success(())
    }
  }

  public func list(_ directory: String) throws(ApusError) -> [String] {
    try call("read directory", directory) { state -> Result<[String], ApusError> in
      guard state.names.directories.contains(directory) else {
        return .failure(systemError("open directory", directory, ENOENT))
      }
      let all = Array(state.names.files.keys) + Array(state.names.directories)
      return .success(
        all.filter { $0 != "/" && $0 != "." && directoryName($0) == directory }.map(lastComponent).sorted())
    }
  }

  public func isDirectory(_ path: String) throws(ApusError) -> Bool {
    try call("look up", path) { .success($0.names.directories.contains(path)) }
  }

  public func makeDirectory(_ path: String) throws(ApusError) {
    try call("create directory", path) { state -> Result<Void, ApusError> in
      if state.names.directories.contains(path) { return .success(()) }
      guard state.names.directories.contains(directoryName(path)) else {
        return .failure(systemError("create directory", path, ENOENT))
      }
      state.change(.makeDirectory(path))
      return .success(())
    }
  }

  public func synchroniseDirectory(_ directory: String) throws(ApusError) {
    do throws(ApusError) {
      try call("fsync directory", directory) { state -> Result<Void, ApusError> in
        var rest: [NameChange] = []
        for change in state.pendingNames {
          if change.directory == directory { state.durableNames.apply(change) } else { rest.append(change) }
        }
        state.pendingNames = rest
        return .success(())
      }
    } catch {
      fatal.report(error)
      throw error
    }
  }

  public func lock(_ path: String) throws(ApusError) -> (any FileLock)? {
    let file = try open(path, .create)
    return try call("lock file", path) { state -> Result<(any FileLock)?, ApusError> in
      guard state.locks.insert(path).inserted else { return .success(nil) }
      return .success(SimulatedFileLock(file: file, system: self))
    }
  }

  public func diskSpace(at path: String) throws(ApusError) -> DiskSpace {
    try call("read free space of", path) { .success($0.space) }
  }

  fileprivate func unlock(_ path: String) { state.withLock { _ = $0.locks.remove(path) } }

  fileprivate func withNode<T>(
    _ verb: String, _ file: SimulatedFile, _ body: (Node) -> T
  ) throws(ApusError) -> T {
    try call(verb, file.path) { _ in .success(body(file.node)) }
  }
}

extension SimulatedFileSystem.State {
  fileprivate mutating func change(_ change: SimulatedFileSystem.NameChange) {
    names.apply(change)
    pendingNames.append(change)
  }
}

// Its node is touched only under the file system's lock.
private final class SimulatedFile: File, @unchecked Sendable {
  let path: String
  private let system: SimulatedFileSystem
  fileprivate let node: SimulatedFileSystem.Node

  init(path: String, system: SimulatedFileSystem, node: SimulatedFileSystem.Node?) {
    self.path = path
    self.system = system
    self.node = node ?? SimulatedFileSystem.Node()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(ApusError) -> Int {
    try system.withNode("read file", self) { node in
      let count = min(buffer.count, max(0, node.content.count - offset))
      guard count > 0 else { return 0 }
      node.content.withUnsafeBytes { raw in
        UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[offset..<offset + count]))
      }
      return count
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ApusError) {
    let data = [UInt8](bytes)
    try system.withNode("write file", self) { node in
      let change = SimulatedFileSystem.Pending.write(offset: offset, bytes: data)
      SimulatedFileSystem.Node.apply(change, to: &node.content)
      node.pending.append(change)
    }
  }

  func synchronise() throws(ApusError) {
    do throws(ApusError) {
      try system.withNode("fsync file", self) { $0.settle() }
    } catch {
      system.fatal.report(error)
      throw error
    }
  }

  func size() throws(ApusError) -> Int { try system.withNode("look up", self) { $0.content.count } }

  func truncate(to bytes: Int) throws(ApusError) {
    try system.withNode("truncate file", self) { node in
      SimulatedFileSystem.Node.apply(.resize(bytes), to: &node.content)
      node.pending.append(.resize(bytes))
    }
  }

  func preallocate(to bytes: Int) throws(ApusError) {
    try system.withNode("extend file", self) { node in
      guard node.content.count < bytes else { return }
      SimulatedFileSystem.Node.apply(.resize(bytes), to: &node.content)
      node.pending.append(.resize(bytes))
    }
  }

  func close() {}
}

private final class SimulatedFileLock: FileLock {
  private let file: SimulatedFile
  private let system: SimulatedFileSystem

  init?(file: any File, system: SimulatedFileSystem) {
    guard let file = file as? SimulatedFile else { return nil }
    self.file = file
    self.system = system
  }

  func replaceContents(_ text: String) throws(ApusError) {
    try file.truncate(to: 0)
    try file.write(Array(text.utf8), at: 0)
  }

  func release() { system.unlock(file.path) }
}
