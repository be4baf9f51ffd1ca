// ServerLocator owns the finding of the server that holds a data directory.

import ApusBase
import ApusFiles
import ApusStore
import Foundation

enum ServerLocator {
  static var defaultData: String { ProcessInfo.processInfo.environment["APUS_DATA"] ?? "./apus-data" }

  /// The process that holds the directory now; nil when none does, or there is no such directory.
  static func holder(of data: String) throws -> DirectoryHolder? {
    let path = data + "/LOCK"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    // The lock decides, not what the file says: a killed process leaves its words behind.
    if let lock = try RealFileSystem().lock(path) {
      lock.release()
      return nil
    }
    guard let holder = Store.readLock(directory: data) else {
      throw CommandError.unreachable("\"\(data)\" is in use, but its LOCK does not say by which process")
    }
    return holder
  }

  /// The running server that holds the directory, or exit code 3.
  static func server(of data: String) throws -> DirectoryHolder {
    guard let holder = try holder(of: data) else {
      throw CommandError.unreachable(
        "no server runs on \"\(data)\"\nStart one: apus serve --data \(data). Or name another directory with --data.")
    }
    return holder
  }

  static func postgresPort(_ holder: DirectoryHolder, _ data: String) throws -> Int {
    guard let port = holder.postgres else { throw noPort(holder, data, "PostgreSQL") }
    return port
  }

  static func httpPort(_ holder: DirectoryHolder, _ data: String) throws -> Int {
    guard let port = holder.http else { throw noPort(holder, data, "HTTP") }
    return port
  }

  private static func noPort(_ holder: DirectoryHolder, _ data: String, _ what: String) -> CommandError {
    .unreachable("\"\(data)\" is in use by process \(holder.pid), which has no \(what) port (it may still be starting)")
  }
}
