// ServeOptions owns what `apus serve` is asked: flags before environment before defaults.

import ApusBase
import ApusEngine
import Foundation

/// A mistake of the caller's: exit code 2.
struct UsageError: Error { let message: String }

/// A certificate and its private key, both or neither.
struct TLSFiles: Equatable {
  var certificate: String?
  var key: String?
}

/// The settings of one server.
struct ServeOptions {
  var data = "./apus-data"
  var address = "127.0.0.1"
  var postgresPort: UInt16 = 7432
  var httpPort: UInt16 = 7480
  var logFormat = LogFormat.logfmt
  var postgresTLS = TLSFiles()
  var httpTLS = TLSFiles()
  /// Names by which browsers know the server, beside its addresses.
  var httpHosts: [String] = []
  /// Where plugins are loaded from; nil: the standard place.
  var pluginDirectory: String?
  /// Bytes that the server may count on.
  var memory = MachineMemory.standardBytes
  /// Of the disk: below it nothing is taken in.
  var reserveFraction = 0.05
  /// How the configuration file was found: a flag, a variable, or `default`.
  private(set) var fileSource = "default"
  /// The configuration file, where there is one.
  private(set) var file: ConfigurationFile?
  /// The password that a new directory is made with.
  private(set) var password: String?
  /// The flag, the variable or the line of the file that gave an option, by flag; nothing for what is by default.
  private(set) var sources: [String: String] = [:]

  static let usage = """
    usage: apus serve [OPTION ...]

    Takes events over HTTP and answers SQL over the PostgreSQL protocol. When ready it prints one line:
    ready postgres=HOST:PORT http=HOST:PORT

      --data DIR            where everything is kept; made when absent (APUS_DATA, ./apus-data)
      --listen ADDRESS      a numeric address; beyond loopback only with a password (APUS_LISTEN, 127.0.0.1)
      --postgres-port N     0 takes a free one (APUS_POSTGRES_PORT, 7432)
      --http-port N         0 takes a free one (APUS_HTTP_PORT, 7480)
      --http-hosts NAMES    names, divided by commas, by which browsers reach it (APUS_HTTP_HOSTS)
      --postgres-tls-certificate FILE, --postgres-tls-key FILE
                            PEM files: connections may be encrypted (APUS_POSTGRES_TLS_CERTIFICATE, ..._KEY)
      --http-tls-certificate FILE, --http-tls-key FILE
                            PEM files: HTTPS instead of HTTP (APUS_HTTP_TLS_CERTIFICATE, ..._KEY)
      --plugin-dir DIR      where CREATE EXTENSION finds plugins (APUS_PLUGIN_DIR, plugins beside the binary)
      --log-format FORMAT   logfmt or json (APUS_LOG_FORMAT, logfmt)
      --memory SIZE         what it may count on (APUS_MEMORY, half of the machine's, at most 4 GiB)
      --durability fsync    when rows are acknowledged (APUS_DURABILITY, fsync)
      --reserve PERCENT     of the disk, kept free (APUS_RESERVE, 5 %)
      --config FILE         the configuration file (APUS_CONFIG, ./apus.yaml or /etc/apus/apus.yaml if there)

    APUS_PASSWORD, or the first line of the file APUS_PASSWORD_FILE, becomes the password of role apus when the data
    directory is made. Later: ALTER ROLE apus PASSWORD '...'.

    A flag comes before its environment variable, and that before the configuration file. What the file adds to tables
    and rollups is made at the start; when it would drop data or compute rollups anew the server refuses to start and
    shows the plan. SIGTERM and SIGINT drain and end with status 0; a second one ends at
    once.

    Example: apus serve --data /var/lib/apus --http-port 8080
    Exit codes: 0 stopped when asked, 1 failure, 2 usage.
    """

  /// nil when help is asked for.
  static func read(_ arguments: [String], environment: [String: String]) throws -> ServeOptions? {
    var options = ServeOptions()
    let named = try namedFile(arguments)
    options.file = try ConfigurationFile.find(named, environment: environment)
    if named != nil || environment["APUS_CONFIG"] != nil {
      options.fileSource = named == nil ? "APUS_CONFIG" : "--config"
    }
    options.password = try givenPassword(environment) ?? options.file?.password()
    if let file = options.file {
      for value in file.configuration.server {
        try options.set(value.flag, to: value.text, from: "\(file.name):\(value.place.line)")
      }
    }
    for flag in settable {
      let name = variable(of: flag)
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
      if flag != "--config" { try options.set(flag, to: value, from: flag) }
    }
    for (tls, flag) in [(options.postgresTLS, "--postgres-tls"), (options.httpTLS, "--http-tls")]
    where (tls.certificate == nil) != (tls.key == nil) {
      throw UsageError(message: "\(flag)-certificate and \(flag)-key are given together")
    }
    return options
  }

  /// Every flag that has a variable.
  static let settable = ConfigurationSchema.serverOptions.compactMap(\.flag)
  private static let flags = Set(settable + ["--config"])

  /// `APUS_HTTP_PORT` of `--http-port`.
  static func variable(of flag: String) -> String { ConfigurationSchema.variable(of: flag) }

  /// The file that the arguments name.
  private static func namedFile(_ arguments: [String]) throws -> String? {
    var reader = ArgumentReader(arguments)
    while let argument = reader.next() {
      if argument == "--config" { return try reader.value(of: argument) }
    }
    return nil
  }

  /// An option as text, by flag: what SHOW shows.
  func text(_ flag: String) -> String {
    switch flag {
    case "--data": data
    case "--listen": address
    case "--postgres-port": String(postgresPort)
    case "--http-port": String(httpPort)
    case "--http-hosts": httpHosts.joined(separator: ",")
    case "--postgres-tls-certificate": postgresTLS.certificate ?? ""
    case "--postgres-tls-key": postgresTLS.key ?? ""
    case "--http-tls-certificate": httpTLS.certificate ?? ""
    case "--http-tls-key": httpTLS.key ?? ""
    case "--log-format": logFormat.rawValue
    case "--plugin-dir": PluginTools(directory: pluginDirectory).directory
    case "--memory": MachineMemory.text(memory)
    case "--reserve": MachineMemory.percent(reserveFraction)
    case "--durability": "fsync"
    default: ""
    }
  }

  /// APUS_PASSWORD, or the first line of APUS_PASSWORD_FILE.
  static func givenPassword(_ environment: [String: String]) throws -> String? {
    let (given, file) = (environment["APUS_PASSWORD"], environment["APUS_PASSWORD_FILE"])
    if given != nil, file != nil { throw UsageError(message: "APUS_PASSWORD and APUS_PASSWORD_FILE are both set") }
    guard let password = try file.map({ try firstLine(of: $0) }) ?? given else { return nil }
    guard !password.isEmpty else {
      throw UsageError(message: "\(file == nil ? "APUS_PASSWORD" : "APUS_PASSWORD_FILE") is empty")
    }
    return password
  }

  private static func firstLine(of file: String) throws -> String {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ApusError(.configFileError, "APUS_PASSWORD_FILE: cannot read \"\(file)\"")
    }
    return String(text.prefix { !$0.isNewline })
  }

  private mutating func set(_ flag: String, to value: String, from source: String) throws {
    sources[flag] = source
    switch flag {
    case "--data":
      guard !value.isEmpty else { throw UsageError(message: "\(source) is empty") }
      data = value
      while data.count > 1, data.hasSuffix("/") { data.removeLast() }
    case "--listen":
      address = value == "localhost" ? "127.0.0.1" : value
      guard isNumericAddress(address) else {
        throw UsageError(message: "\(source) is \"\(value)\", but an address is numeric: 127.0.0.1, ::1, 0.0.0.0, ::")
      }
    case "--http-hosts": httpHosts = value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    case "--postgres-tls-certificate": postgresTLS.certificate = value
    case "--postgres-tls-key": postgresTLS.key = value
    case "--http-tls-certificate": httpTLS.certificate = value
    case "--http-tls-key": httpTLS.key = value
    case "--postgres-port": postgresPort = try Self.port(value, source)
    case "--http-port": httpPort = try Self.port(value, source)
    case "--plugin-dir":
      guard !value.isEmpty else { throw UsageError(message: "\(source) is empty") }
      pluginDirectory = value
    case "--memory":
      guard let bytes = MachineMemory.bytes(value), bytes >= MachineMemory.bytesMin else {
        throw UsageError(message: "\(source) is \"\(value)\", but memory is a size of at least 256 MiB: 4 GiB")
      }
      memory = bytes
    case "--reserve":
      guard let fraction = MachineMemory.fraction(value) else {
        throw UsageError(message: "\(source) is \"\(value)\", but a reserve is a part of the disk: 5 %")
      }
      reserveFraction = fraction
    case "--durability":
      guard value == "fsync" else {
        throw UsageError(message: "\(source) is \"\(value)\", but the only durability is fsync")
      }
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

  /// Whether only this machine reaches the server.
  var isLoopbackOnly: Bool { isLoopback(address: address) }

  private func isNumericAddress(_ text: String) -> Bool {
    var (four, six) = (in_addr(), in6_addr())
    return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
  }

  /// `HOST:PORT` as the ready line and URLs have it.
  func place(_ port: Int) -> String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
