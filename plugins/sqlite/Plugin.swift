// Plugin owns the one symbol that the host looks up.

import ApusPluginKit
public import CApusABI
import CSQLite

@_cdecl("apus_plugin_init")
public func initialisePlugin(
  _ abi: UInt32, _ host: UnsafePointer<ApusHost>?, _ out: UnsafeMutablePointer<ApusPlugin>?,
  _ error: UnsafeMutablePointer<ApusPluginError>?
) -> Int32 {
  let definition = BackendDefinition(
    name: "sqlite", version: "0.1.0",
    description: "tables in files of SQLite (\(String(cString: sqlite3_libversion())))",
    capabilities: UInt32(APUS_BACKEND_CREATE) | UInt32(APUS_BACKEND_APPEND) | UInt32(APUS_BACKEND_DELETE)
      | UInt32(APUS_BACKEND_DESCRIBE) | UInt32(APUS_BACKEND_PATHS) | UInt32(APUS_BACKEND_READ_OWN_WRITES),
    options: [
      BackendOption(
        "path", "the database file, by its absolute path; made by the first CREATE TABLE", isRequired: true),
      BackendOption("busy_timeout", "milliseconds to wait for another writer of the file (5000)"),
    ])
  return definition.export(SQLiteBackend(), abi: abi, host: host, into: out, error)
}
