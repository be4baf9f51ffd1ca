// PlanCommand owns `apus plan` and `apus apply`: what a configuration file changes, shown and done.

import ApusBase
import ApusEngine
import ApusStore
import Foundation

/// Where a plan is made: by a server, or in this process on a directory that nobody holds.
enum PlanTarget {
  case server(PostgresClient)
  case directory(Database)

  /// `creates`: a directory that is not there is made, as a server with the file would.
  init(data: String, connect: String?, command: String, creates: Bool, file: ConfigurationFile? = nil) throws {
    if let connect {
      guard connect.hasPrefix("postgres://") || connect.hasPrefix("postgresql://") else {
        throw CommandError.usage("--connect is \"\(connect)\", but takes postgres://...")
      }
      self = .server(try PostgresClient(connect))
      return
    }
    if let holder = try ServerLocator.holder(of: data) {
      let port = try ServerLocator.postgresPort(holder, data)
      self = .server(try PostgresClient(port: port, command: command))
      return
    }
    guard creates || FileManager.default.fileExists(atPath: data + "/catalog.sqlite") else {
      throw CommandError.unreachable(
        "\"\(data)\" is no data directory\nStart a server: apus serve --data \(data). Or name another with --data.")
    }
    Log.configure(level: .warning, format: .logfmt)
    let environment = ProcessInfo.processInfo.environment
    let password = creates ? try ServeOptions.givenPassword(environment) ?? file?.password() : nil
    let plugins =
      environment["APUS_PLUGIN_DIR"] ?? file?.configuration.server.first { $0.flag == "--plugin-dir" }?.text
    do throws(ApusError) {
      // A plan changes nothing, not even by what a server does by itself.
      var options = StoreOptions()
      options.flushesByItself = creates
      self = .directory(
        try Database.open(
          directory: data, options: options, password: password, pluginDirectory: plugins))
    } catch {
      throw CommandError(error)
    }
  }

  func close() { if case .directory(let database) = self { database.close() } }

  /// The plan as JSON.
  func plan(_ file: ConfigurationFile) throws(ApusError) -> String {
    switch self {
    case .directory(let database): return try database.plan(file.configuration).json
    case .server(let client): return try client.value("CALL apus.plan(\(Self.literal(file.forServer)))")
    }
  }

  func apply(_ file: ConfigurationFile, allowsDrop: Bool) throws(ApusError) -> String {
    switch self {
    case .directory(let database):
      return try database.apply(file.configuration, allowsDrop ? .everything : .keepingData).json
    case .server(let client):
      return try client.value("CALL apus.apply(\(Self.literal(file.forServer)), allow_drop => \(allowsDrop))")
    }
  }

  func dump() throws(ApusError) -> String {
    switch self {
    case .directory(let database): return try database.configurationText()
    case .server(let client): return try client.value("CALL apus.configuration()")
    }
  }

  private static func literal(_ text: String) -> String {
    "E'" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "''") + "'"
  }
}

struct PlanCommand {
  static let planUsage = """
    usage: apus plan [--config FILE] [--data DIR | --connect URL] [--json] [--detailed-exitcode]

    Shows what has to change for tables, rollups and plugins to be as the configuration file says: + is made, ~ is
    changed, - goes; and what each change reads or takes away now. Nothing is changed.

      --config FILE         the file (APUS_CONFIG, ./apus.yaml, /etc/apus/apus.yaml)
      --data DIR            the data directory, or that of the server to ask (APUS_DATA, storage.data, ./apus-data)
      --connect URL         a server elsewhere: postgres://USER@HOST:PORT/DATABASE
      --json                the plan as one JSON object
      --detailed-exitcode   status 2 when there are changes

    Example: apus plan --config apus.yaml --detailed-exitcode
    Exit codes: 0 no failure, 1 failure, 2 usage (with --detailed-exitcode: changes), 3 cannot connect.
    """

  static let applyUsage = """
    usage: apus apply [--config FILE] [--data DIR | --connect URL] [--json] [--allow-drop]

    Makes tables, rollups and plugins as the configuration file says, and shows what it did. What would take rows away
    (state: absent, a shorter retention that drops some now) needs --allow-drop.

      --config FILE         the file (APUS_CONFIG, ./apus.yaml, /etc/apus/apus.yaml)
      --data DIR            the data directory, or that of the server to tell (APUS_DATA, storage.data, ./apus-data)
      --connect URL         a server elsewhere: postgres://USER@HOST:PORT/DATABASE
      --json                what was done as one JSON object
      --allow-drop          rows may go

    Example: apus apply --config apus.yaml
    Exit codes: 0 done, 1 failure, 2 usage, 3 cannot connect.
    """

  private var config: String?
  private var data: String?
  private var connect: String?
  private var isJSON = false
  private var isDetailed = false
  private var allowsDrop = false

  static func run(_ arguments: [String], applies: Bool) -> Int32 {
    let name = applies ? "apply" : "plan"
    let usage = applies ? applyUsage : planUsage
    return onLargeStack {
      CommandError.report(name, usage: usage) {
        guard let command = try read(arguments, applies: applies) else {
          print(usage)
          return 0
        }
        return try command.run(applies: applies)
      }
    }
  }

  /// nil when help is asked for.
  private static func read(_ arguments: [String], applies: Bool) throws -> PlanCommand? {
    var command = PlanCommand()
    var reader = ArgumentReader(arguments)
    while let argument = reader.next() {
      switch argument {
      case "--help", "-h": return nil
      case "--config": command.config = try reader.value(of: argument)
      case "--data": command.data = try reader.value(of: argument)
      case "--connect": command.connect = try reader.value(of: argument)
      case "--json": command.isJSON = true
      case "--detailed-exitcode" where !applies: command.isDetailed = true
      case "--allow-drop" where applies: command.allowsDrop = true
      default: throw CommandError.usage("unknown argument \"\(argument)\"")
      }
    }
    guard command.data == nil || command.connect == nil else {
      throw CommandError.usage("--data and --connect are both given")
    }
    return command
  }

  private func run(applies: Bool) throws -> Int32 {
    guard let file = try ConfigurationFile.find(config) else {
      throw CommandError.failed(
        "there is no configuration file: neither \(ConfigurationFile.places.joined(separator: " nor "))\n"
          + "Name one with --config, or write down what is: apus config dump > apus.yaml")
    }
    let given = data ?? ProcessInfo.processInfo.environment["APUS_DATA"]
    let stored = file.configuration.server.first { $0.flag == "--data" }?.text
    let target = try PlanTarget(
      data: given ?? stored ?? "./apus-data", connect: connect, command: applies ? "apply" : "plan", creates: applies,
      file: file)
    defer { target.close() }
    let json: String
    do throws(ApusError) {
      json = applies ? try target.apply(file, allowsDrop: allowsDrop) : try target.plan(file)
    } catch {
      throw Self.failure(file.located(error))
    }
    guard let plan = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] else {
      throw CommandError.failed("the plan is no JSON object")
    }
    return show(plan, applies: applies)
  }

  /// A refusal with its plan before it.
  private static func failure(_ error: ApusError) -> CommandError {
    guard error.state == .objectNotInPrerequisiteState, let plan = error.detail else { return CommandError(error) }
    print(plan)
    return CommandError.failed([error.message, error.hint].compactMap { $0 }.joined(separator: "\n"))
  }

  private func show(_ plan: [String: Any], applies: Bool) -> Int32 {
    let changes = (plan["changes"] as? [Any])?.count ?? 0
    if isJSON {
      var shown = plan
      shown["text"] = nil
      if applies { shown["applied"] = true }
      let bytes = try? JSONSerialization.data(withJSONObject: shown, options: [.sortedKeys, .withoutEscapingSlashes])
      print(String(decoding: bytes ?? Data(), as: UTF8.self))
    } else {
      print(plan["text"] as? String ?? "")
      if applies, changes > 0 { print("Applied.") }
      if !applies, plan["drops_data"] as? Bool == true {
        print("It takes rows away: apus apply --allow-drop does it.")
      }
    }
    return isDetailed && changes > 0 ? 2 : 0
  }
}

/// Statements are parsed and bound on a thread of their own, however deep they are.
func onLargeStack(_ work: @escaping @Sendable () -> Int32) -> Int32 {
  let worker = Thread {
    let status = work()
    fflush(nil)
    exit(status)
  }
  worker.stackSize = 64 << 20
  worker.start()
  while true { sleep(3600) }
}
