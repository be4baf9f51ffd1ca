// CopyInput owns the running of COPY ... FROM STDIN: bytes to rows to the transaction.

public import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

/// The receiving end of a COPY. Fed by the connection; the rows go to the session's transaction.
public final class CopyInput {
  public let format: CopyFormat
  /// Columns of the data, for CopyInResponse.
  public var columnCount: Int { columns.count }

  private let session: Session
  private let table: WriteTarget
  private let columns: [TableColumn]
  private let writer: RowWriter
  private let settings: FormatSettings
  private var parser: CopyParser
  private var binary: CopyBinaryParser
  private var headerIsDue: Bool
  private let builders: [ColumnText]

  init(session: Session, table: WriteTarget, bound: BoundCopy, format: CopyFormat) {
    self.session = session
    self.table = table
    columns = bound.columns
    self.format = format
    settings = session.formatSettings
    writer = RowWriter(session: session, table: table, columns: bound.columns, defaults: bound.defaults)
    parser = CopyParser(format: format)
    binary = CopyBinaryParser(columnCount: bound.columns.count)
    headerIsDue = format.hasHeader
    builders = columns.map { ColumnText(type: $0.type) }
  }

  /// What INSERT-like tags and notices are made of.
  var outcome: InsertOutcome { writer.outcome }

  /// Takes the next bytes of the client. Errors carry the line and column in their context.
  public func write(_ bytes: some Collection<UInt8>) throws(ApusError) {
    if format.form == .binary { binary.feed(bytes) } else { parser.feed(bytes) }
    try drain()
  }

  /// The client has sent everything.
  public func finish() throws(ApusError) {
    parser.end()
    binary.end()
    try drain()
    try flush()
  }

  private func drain() throws(ApusError) {
    if format.form == .binary { return try drainBinary() }
    do throws(ApusError) {
      while try parser.nextRow() {
        if headerIsDue {
          headerIsDue = false
          continue
        }
        try appendRow()
      }
    } catch {
      throw located(error, column: nil)
    }
  }

  private func located(_ error: ApusError, column: String?) -> ApusError {
    guard error.context == nil else { return error }
    var copy = error
    copy.context = "COPY \(table.schema.name), line \(line)" + (column.map { ", column \($0)" } ?? "")
    return copy
  }

  private var line: Int { format.form == .binary ? binary.line : parser.line }

  private func drainBinary() throws(ApusError) {
    do throws(ApusError) {
      while try binary.nextRow() { try appendBinaryRow() }
    } catch {
      throw located(error, column: nil)
    }
  }

  private func appendBinaryRow() throws(ApusError) {
    for (index, range) in binary.fields.enumerated() {
      guard let range else {
        builders[index].append(value: .null)
        continue
      }
      do throws(ApusError) {
        builders[index].append(
          value: try BinaryFormat.input(Array(binary.bytes(range)), type: columns[index].type))
      } catch {
        throw located(error, column: columns[index].name)
      }
    }
    if builders[0].count >= Limits.rowsPerBatch { try flush() }
  }

  private func appendRow() throws(ApusError) {
    guard parser.fieldCount >= columns.count else {
      throw ApusError(.badCopyFileFormat, "missing data for column \"\(columns[parser.fieldCount].name)\"")
    }
    guard parser.fieldCount == columns.count else {
      throw ApusError(.badCopyFileFormat, "extra data after last expected column")
    }
    for index in columns.indices {
      let column = columns[index]
      var isNull = parser.nulls[index]
      let range = parser.fieldRange(index)
      if isNull, format.forceNotNull.contains(column.name) { isNull = false }
      if !isNull, format.forceNull.contains(column.name), range.isEmpty, format.null.isEmpty { isNull = true }
      do throws(ApusError) {
        try builders[index].append(isNull ? nil : parser.content[range], settings: settings)
      } catch {
        let shown = String(decoding: parser.content[range].prefix(100), as: UTF8.self)
        throw located(error, column: "\(column.name): \"\(shown)\"")
      }
    }
    if builders[0].count >= Limits.rowsPerBatch { try flush() }
  }

  private func flush() throws(ApusError) {
    guard let count = builders.first?.count, count > 0 else { return }
    var vectors: [Vector] = []
    for index in builders.indices { vectors.append(builders[index].finish()) }
    do throws(ApusError) {
      try writer.append(Batch(columns: vectors, count: count))
    } catch {
      throw located(error, column: nil)
    }
  }
}

/// One column of COPY data on its way from text to a vector.
final class ColumnText {
  let type: TypeReference
  private var builder: VectorBuilder

  init(type: TypeReference) {
    self.type = type
    builder = VectorBuilder(type: type.type, capacity: Limits.rowsPerBatch)
  }

  var count: Int { builder.count }

  func append(_ bytes: ArraySlice<UInt8>?, settings: FormatSettings) throws(ApusError) {
    guard let bytes else { return builder.appendNull() }
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw ApusError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
    }
    if type.type == .text {
      builder.append(text: text)
    } else {
      builder.append(try TextFormat.input(text, type: type, settings: settings))
    }
  }

  func append(value: Value) { builder.append(value) }

  func finish() -> Vector { builder.finish() }
}
