// PluginHost owns what a plugin asks of the server: its log, and the schemas of Arrow fields.

public import CApusABI

/// The server, as a plugin sees it. Usable from any thread.
public struct PluginHost: @unchecked Sendable {
  private let host: UnsafePointer<ApusHost>

  public init(_ host: UnsafePointer<ApusHost>) { self.host = host }

  public enum Level: Int32, Sendable { case debug, info, warning, error }

  /// Never rows, keys or passwords.
  public func log(_ level: Level, _ message: String) { host.pointee.log?(level.rawValue, message) }

  /// The schema of a batch of these columns, which the caller releases.
  public func schema(of columns: [PluginColumn], into out: UnsafeMutablePointer<ArrowSchema>) throws(PluginError) {
    guard let field = host.pointee.field else { throw PluginError("XX000", "the host makes no Arrow schemas") }
    var failure = ApusPluginError()
    failure.size = MemoryLayout<ApusPluginError>.size
    var root = ArrowSchema()
    guard field(0, -1, "", 0, Int64(columns.count), &root, &failure) == APUS_OK else { throw PluginError(failure) }
    for (index, column) in columns.enumerated() {
      guard let child = root.children?[index] else { continue }
      let made = field(
        column.type.rawValue, column.modifier, column.name, column.isNullable ? 1 : 0, 0, child, &failure)
      guard made == APUS_OK else {
        root.release?(&root)
        throw PluginError(failure)
      }
    }
    out.initialize(to: root)
  }

  /// The columns of a batch's schema. Types that the kit does not know are an error that names the column.
  public func columns(of schema: UnsafePointer<ArrowSchema>?) throws(PluginError) -> [PluginColumn] {
    guard let schema else { return [] }
    var columns: [PluginColumn] = []
    for index in 0..<Int(clamping: schema.pointee.n_children) {
      guard let child = schema.pointee.children?[index] else { continue }
      let name = child.pointee.name.map { String(cString: $0) } ?? ""
      let oid = host.pointee.type_of?(child) ?? 0
      guard let type = PluginType(rawValue: oid) else {
        throw .unsupported("the type of column \"\(name)\" (OID \(oid)) in this storage")
      }
      columns.append(
        PluginColumn(
          name: name, type: type, modifier: host.pointee.typmod_of?(child) ?? -1,
          isNullable: child.pointee.flags & Int64(ARROW_FLAG_NULLABLE) != 0))
    }
    return columns
  }
}

extension PluginError {
  /// What the host said.
  init(_ error: ApusPluginError) {
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    self.init(text(error.sqlstate), text(error.message), mayRetry: error.retry != 0)
  }
}
