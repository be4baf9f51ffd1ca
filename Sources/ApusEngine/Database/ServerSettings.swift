// ServerSettings owns what the server was started with, as SHOW apus.* shows it.

public import ApusBase
import Synchronization

/// One setting of the server's: fixed while it runs.
public struct ServerSetting: Sendable {
  /// `apus.` and the option's name.
  public var name: String
  public var value: String
  /// `default`, or the flag or variable that gave it.
  public var source: String
  public var description: String

  public init(_ name: String, _ value: String, source: String, _ description: String) {
    self.name = name
    self.value = value
    self.source = source
    self.description = description
  }
}

final class ServerSettings: Sendable {
  private let settings = Mutex<[String: ServerSetting]>([:])

  /// In order of names.
  var all: [ServerSetting] { settings.withLock { $0.values.sorted { $0.name < $1.name } } }

  func named(_ name: String) -> ServerSetting? { settings.withLock { $0[name.lowercased()] } }

  func declare(_ list: [ServerSetting]) {
    settings.withLock { settings in for setting in list { settings[setting.name.lowercased()] = setting } }
  }
}

extension Database {
  /// Tells what the server was started with. A name that is told again is replaced.
  public func declare(_ settings: [ServerSetting]) { serverSettings.declare(settings) }
}
