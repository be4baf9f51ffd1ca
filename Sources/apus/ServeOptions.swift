// ServeOptions owns what `apus serve` is asked: flags before environment before defaults.

import ApusBase

/// A mistake of the caller's: exit code 2.
struct UsageError: Error { let message: String }

/// The settings of one server.
struct ServeOptions: Equatable {
  var data = "./apus-data"
  var address = "127.0.0.1"
  var postgresPort: UInt16 = 7432
  var httpPort: UInt16 = 7480
  var logFormat = LogFormat.logfmt
  /// The flag or variable that gave an option, by flag; nothing for what is by default.
  private(set) var sources: [String: String] = [:]

  static let usage = """
    usage: apus serve [OPTION ...]

    Takes events over HTTP and answers SQL over the PostgreSQL protocol. When ready it prints one line:
    ready postgres=HOST:PORT http=HOST:PORT

      --data DIR            where everything is kept; made when absent (APUS_DATA, ./apus-data)
      --listen ADDRESS      a loopback address (APUS_LISTEN, 127.0.0.1)
      --postgres-port N     0 takes a free one (APUS_POSTGRES_PORT, 7432)
      --http-port N         0 takes a free one (APUS_HTTP_PORT, 7480)
      --log-format FORMAT   logfmt or json (APUS_LOG_FORMAT, logfmt)

    A flag comes before its environment variable. SIGTERM and SIGINT drain and end with status 0; a second one ends at
    once.

    Example: apus serve --data /var/lib/apus --http-port 8080
    Exit codes: 0 stopped when asked, 1 failure, 2 usage.
    """

  /// nil when help is asked for.
  static func read(_ arguments: [String], environment: [String: String]) throws -> ServeOptions? {
    var options = ServeOptions()
    for name in ["APUS_PASSWORD", "APUS_PASSWORD_FILE"] where environment[name] != nil {
      throw ApusError.unsupported(
        "\(name): passwords are", hint: "Unset \(name); only loopback connections are possible, without a password.")
    }
    if let value = environment["APUS_CONFIG"] { throw noConfiguration("APUS_CONFIG", value) }
    for (name, flag) in [
      ("APUS_DATA", "--data"), ("APUS_LISTEN", "--listen"), ("APUS_POSTGRES_PORT", "--postgres-port"),
      ("APUS_HTTP_PORT", "--http-port"), ("APUS_LOG_FORMAT", "--log-format"),
    ] {
      if let value = environment[name] { try options.set(flag, to: value, from: name) }
    }
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--help" || argument == "-h" { return nil }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let flag = String(parts[0])
      guard flags.contains(flag) else { throw UsageError(message: "unknown argument \"\(argument)\"") }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
        throw UsageError(message: "\(flag) needs a value")
      }
      try options.set(flag, to: value, from: flag)
    }
    try options.requireLoopback()
    return options
  }

  private static let flags: Set<String> = [
    "--config", "--data", "--listen", "--postgres-port", "--http-port", "--log-format",
  ]

  private static func noConfiguration(_ name: String, _ value: String) -> ApusError {
    .unsupported(
      "\(name) \"\(value)\": configuration files are", hint: "Use flags or APUS_* variables: apus serve --help.")
  }

  private mutating func set(_ flag: String, to value: String, from source: String) throws {
    sources[flag] = source
    switch flag {
    case "--config": throw Self.noConfiguration(flag, value)
    case "--data":
      guard !value.isEmpty else { throw UsageError(message: "\(source) is empty") }
      data = value
      while data.count > 1, data.hasSuffix("/") { data.removeLast() }
    case "--listen": address = value == "localhost" ? "127.0.0.1" : value
    case "--postgres-port": postgresPort = try Self.port(value, source)
    case "--http-port": httpPort = try Self.port(value, source)
    case "--log-format":
      guard let format = LogFormat(rawValue: value) else {
        throw UsageError(message: "\(source) is \"\(value)\", but a log format is logfmt or json")
      }
      logFormat = format
    default: throw UsageError(message: "unknown argument \"\(flag)\"")
    }
  }

  private static func port(_ text: String, _ source: String) throws -> UInt16 {
    guard let port = UInt16(text) else {
      throw UsageError(message: "\(source) is \"\(text)\", but a port is a number from 0 to 65535")
    }
    return port
  }

  /// Without passwords whoever reaches the port may read and write everything.
  private func requireLoopback() throws {
    let parts = address.split(separator: ".", omittingEmptySubsequences: false)
    let isFour = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    guard isFour || address == "::1" else {
      throw ApusError.unsupported(
        "listening on \"\(address)\", which is beyond loopback, is",
        hint: "There are no passwords yet, so anybody who reached the port could read and write everything. "
          + "Use 127.0.0.1 or ::1.")
    }
  }

  /// `HOST:PORT` as the ready line and URLs have it.
  func place(_ port: Int) -> String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
