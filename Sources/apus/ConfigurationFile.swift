// ConfigurationFile owns the finding and reading of apus.yaml.

import ApusBase
import ApusEngine
import Foundation

/// A configuration file that has been read and found right.
struct ConfigurationFile {
  let path: String
  let configuration: Configuration
  /// The text for a server elsewhere.
  let forServer: String

  /// Where it is looked for when nobody names one.
  static let places = ["./apus.yaml", "/etc/apus/apus.yaml"]

  /// The file that is named by flag or variable, else the first that is there; nil for none.
  static func find(_ named: String?, environment: [String: String] = ProcessInfo.processInfo.environment) throws
    -> ConfigurationFile?
  {
    if let named = named ?? environment["APUS_CONFIG"] {
      return try ConfigurationFile(path: named, environment: environment)
    }
    guard let path = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else { return nil }
    return try ConfigurationFile(path: path, environment: environment)
  }

  /// Reads a file; every problem of it on a line of the error.
  init(path: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandError.failed("cannot read the configuration file \"\(path)\"")
    }
    guard data.count <= Self.bytesMax, let text = String(data: data, encoding: .utf8) else {
      throw CommandError.failed("\"\(path)\" is no text of at most \(Self.bytesMax) bytes in UTF-8")
    }
    self.path = path
    let reading = ConfigurationReading(text, environment: environment)
    guard reading.problems.isEmpty else {
      let shown = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
      throw CommandError.failed(
        "the configuration is not right\n" + reading.problems.map { $0.text(file: shown) }.joined(separator: "\n"))
    }
    configuration = reading.configuration
    forServer = reading.forServer
  }

  private static let bytesMax = 4 << 20

  /// The name in messages.
  var name: String { path.hasPrefix("./") ? String(path.dropFirst(2)) : path }

  /// The password that the file names, for a new data directory.
  func password() throws -> String? {
    if let password = configuration.password { return password }
    guard let file = configuration.passwordFile else { return nil }
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ApusError(.configFileError, "server.password_file: cannot read \"\(file)\"")
    }
    return String(text.prefix { !$0.isNewline })
  }

  /// An error about the file's contents with the file's name before each `LINE:COLUMN:`.
  func located(_ error: ApusError) -> ApusError {
    guard error.state == .configFileError else { return error }
    var error = error
    let lines = error.message.split(separator: "\n").map { line in
      line.first?.isNumber == true ? "\(name):\(line)" : String(line)
    }
    error.message = "the configuration cannot be applied\n" + lines.joined(separator: "\n")
    return error
  }
}
