// PluginHost owns what the server offers to plugins: logging, and schemas of our types.

import ApusBase
import ApusColumns
import CApusABI

enum PluginHost {
  /// Lives as long as the process.
  nonisolated(unsafe) static let pointer: UnsafePointer<ApusHost> = {
    var host = ApusHost()
    host.size = MemoryLayout<ApusHost>.size
    host.abi = version
    let name = Array(Release.version.utf8CString)
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: name.count)
    place.initialize(from: name, count: name.count)
    host.server_version = UnsafePointer(place)
    host.log = log
    host.field = field
    host.type_of = typeOf
    host.typmod_of = modifierOf
    let pointer = UnsafeMutablePointer<ApusHost>.allocate(capacity: 1)
    pointer.initialize(to: host)
    return UnsafePointer(pointer)
  }()

  static let version = UInt32(APUS_ABI_MAJOR) << 16 | UInt32(APUS_ABI_MINOR)

  private static let log: @convention(c) (Int32, UnsafePointer<CChar>?) -> Void = { level, message in
    guard let message = text(message) else { return }
    switch level {
    case APUS_LOG_DEBUG: Log.debug("plugin", message)
    case APUS_LOG_INFO: Log.info("plugin", message)
    case APUS_LOG_WARNING: Log.warning("plugin", message)
    default: Log.error("plugin", message)
    }
  }

  private static let field:
    @convention(c) (
      UInt32, Int32, UnsafePointer<CChar>?, Int32, Int64, UnsafeMutablePointer<ArrowSchema>?,
      UnsafeMutablePointer<ApusPluginError>?
    ) -> Int32 = { oid, modifier, name, nullable, children, out, failure in
      guard let out else { return APUS_FAILED }
      if oid == 0 {
        guard (0...Int64(Limits.columnsPerTableMax)).contains(children) else {
          ApusPluginError.put(ApusError(.tooManyColumns, "a batch of \(children) columns"), into: failure)
          return APUS_FAILED
        }
        out.pointee = Arrow.emptySchema(children: Int(children))
        return APUS_OK
      }
      do throws(ApusError) {
        guard let type = DataType(oid: oid) else {
          throw ApusError(.undefinedObject, "type with OID \(oid) does not exist")
        }
        out.pointee = try Arrow.schema(
          name: text(name) ?? "", type: TypeReference(type, modifier: modifier), isNullable: nullable != 0)
        return APUS_OK
      } catch {
        ApusPluginError.put(error, into: failure)
        return APUS_FAILED
      }
    }

  private static let typeOf: @convention(c) (UnsafePointer<ArrowSchema>?) -> UInt32 = { schema in
    guard let schema, let field = try? ArrowField(schema) else { return 0 }
    return field.type.type.oid
  }

  private static let modifierOf: @convention(c) (UnsafePointer<ArrowSchema>?) -> Int32 = { schema in
    guard let schema, let field = try? ArrowField(schema) else { return -1 }
    return field.type.modifier
  }
}
