// Plugin owns the one symbol that the host looks up.

import ApusPluginKit
public import CApusABI

@_cdecl("apus_plugin_init")
public func initialisePlugin(
  _ abi: UInt32, _ host: UnsafePointer<ApusHost>?, _ out: UnsafeMutablePointer<ApusPlugin>?,
  _ error: UnsafeMutablePointer<ApusPluginError>?
) -> Int32 {
  let definition = BackendDefinition(
    name: "postgres", version: "0.1.0", description: "tables in PostgreSQL and what speaks its protocol",
    capabilities: UInt32(APUS_BACKEND_CREATE) | UInt32(APUS_BACKEND_APPEND) | UInt32(APUS_BACKEND_DELETE)
      | UInt32(APUS_BACKEND_DESCRIBE) | UInt32(APUS_BACKEND_PATHS) | UInt32(APUS_BACKEND_READ_OWN_WRITES),
    options: ConnectionOptions.known)
  guard let host else { return definition.export(PostgresBackend(nil), abi: abi, host: host, into: out, error) }
  return definition.export(PostgresBackend(PluginHost(host)), abi: abi, host: host, into: out, error)
}
