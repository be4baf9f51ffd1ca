// CopyEncoder owns the bytes of COPY ... TO: rows in text, CSV or binary form, as PostgreSQL writes them.

public import ApusBase
public import ApusColumns
public import ApusPlan

/// Writes the rows of one COPY TO. Also the CSV of exports.
public struct CopyEncoder {
  private let format: CopyFormat
  private let fields: [Field]
  private let settings: FormatSettings
  private let null: [UInt8]
  /// Columns whose values are quoted without need.
  private let forcesQuote: [Bool]
  private var value: [UInt8] = []

  public init(format: CopyFormat, fields: [Field], settings: FormatSettings) {
    self.format = format
    self.fields = fields
    self.settings = settings
    null = Array(format.null.utf8)
    forcesQuote = fields.map { format.forcesAllQuotes || format.forceQuote.contains($0.name) }
  }

  public var isBinary: Bool { format.form == .binary }

  /// What comes before the rows: binary's signature, or the header line. Empty for none.
  public func start() -> [UInt8] {
    if isBinary { return CopyBinary.signature + [0, 0, 0, 0, 0, 0, 0, 0] }
    var out: [UInt8] = []
    guard format.hasHeader else { return out }
    for (index, field) in fields.enumerated() {
      if index > 0 { out.append(format.delimiter) }
      append(Array(field.name.utf8), quoted: false, into: &out)
    }
    out.append(10)
    return out
  }

  /// What comes after the rows.
  public func end() -> [UInt8] { isBinary ? [0xFF, 0xFF] : [] }

  /// Appends row `row` of a dense batch, its line end included.
  public mutating func appendRow(_ columns: [Vector], _ row: Int, into out: inout [UInt8]) throws(ApusError) {
    if isBinary { return try appendBinaryRow(columns, row, into: &out) }
    for index in columns.indices {
      if index > 0 { out.append(format.delimiter) }
      if columns[index].isNull(row) {
        out.append(contentsOf: null)
        continue
      }
      value.removeAll(keepingCapacity: true)
      try TextFormat.output(columns[index], row: row, settings: settings, into: &value)
      append(value, quoted: forcesQuote[index], into: &out)
    }
    out.append(10)
  }

  private mutating func appendBinaryRow(
    _ columns: [Vector], _ row: Int, into out: inout [UInt8]
  ) throws(ApusError) {
    withUnsafeBytes(of: Int16(truncatingIfNeeded: columns.count).bigEndian) { out.append(contentsOf: $0) }
    for column in columns {
      if column.isNull(row) {
        out.append(contentsOf: [0xFF, 0xFF, 0xFF, 0xFF])
        continue
      }
      value.removeAll(keepingCapacity: true)
      try BinaryFormat.output(column, row: row, into: &value)
      withUnsafeBytes(of: Int32(truncatingIfNeeded: value.count).bigEndian) { out.append(contentsOf: $0) }
      out.append(contentsOf: value)
    }
  }

  private func append(_ text: [UInt8], quoted: Bool, into out: inout [UInt8]) {
    if format.form == .csv { appendCSV(text, quoted, into: &out) } else { appendText(text, into: &out) }
  }

  private func appendText(_ text: [UInt8], into out: inout [UInt8]) {
    for byte in text {
      switch byte {
      case 8: out += [92, 98]
      case 9: out += [92, 116]
      case 10: out += [92, 110]
      case 11: out += [92, 118]
      case 12: out += [92, 102]
      case 13: out += [92, 114]
      case 92, format.delimiter: out += [92, byte]
      default: out.append(byte)
      }
    }
  }

  private func appendCSV(_ text: [UInt8], _ quoted: Bool, into out: inout [UInt8]) {
    let needsQuote =
      quoted || text == null || (fields.count == 1 && text == [92, 46])
      || text.contains { $0 == format.delimiter || $0 == format.quote || $0 == 10 || $0 == 13 }
    guard needsQuote else { return out.append(contentsOf: text) }
    out.append(format.quote)
    for byte in text {
      if byte == format.quote || byte == format.escape { out.append(format.escape) }
      out.append(byte)
    }
    out.append(format.quote)
  }
}
