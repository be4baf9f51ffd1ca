// ResultWriter owns the text of query results: JSON, one JSON object a line, and CSV.

import ApusBase
import ApusColumns
import ApusPlan

/// Writes batches as they come. Bounded: throws 54000 when the answer grows past `Limits.httpResultBytesMax`.
struct ResultWriter {
  private let format: ResultFormat
  private let fields: [Field]
  private let settings: FormatSettings
  /// For NDJSON: `"name":` of each column.
  private let keys: [[UInt8]]
  private(set) var out: [UInt8] = []
  private var scratch: [UInt8] = []
  private var rowCount = 0

  init(_ format: ResultFormat, fields: [Field], returnsRows: Bool, settings: FormatSettings) {
    self.format = format
    self.fields = fields
    self.settings = settings
    keys = fields.map { Array((jsonText($0.name) + ":").utf8) }
    switch format {
    case .json:
      let columns = fields.map { "{\"name\":\(jsonText($0.name)),\"type\":\(jsonText($0.type.sqlName))}" }
      append("{\"columns\":[\(columns.joined(separator: ","))],\"rows\":[")
    case .ndjson: break
    case .csv:
      guard returnsRows else { return }
      for (index, field) in fields.enumerated() {
        if index > 0 { out.append(44) }
        appendCSV(Array(field.name.utf8))
      }
      out.append(10)
    }
  }

  mutating func append(_ batch: Batch) throws(ApusError) {
    let dense = batch.compacted()
    // A shredded column is assembled once, not row by row.
    let columns = dense.columns.map { column in
      if case .shredded = column.storage { return column.flattened() }
      return column
    }
    for row in 0..<dense.count {
      switch format {
      case .json: try appendArrayRow(columns, row)
      case .ndjson: try appendObjectRow(columns, row)
      case .csv: try appendCSVRow(columns, row)
      }
      rowCount += 1
      if out.count > Limits.httpResultBytesMax {
        throw ApusError(
          .programLimitExceeded, "the result is larger than \(Limits.httpResultBytesMax) bytes",
          hint: "Add a LIMIT, or ask over the PostgreSQL protocol, which has no such bound.")
      }
    }
  }

  /// The whole answer.
  mutating func finish(tag: String, notices: [Notice]) -> [UInt8] {
    if format == .json {
      append("],\"row_count\":\(rowCount),\"command\":\(jsonText(tag))")
      if !notices.isEmpty {
        let texts = notices.map { notice in
          "{\"severity\":\"\(notice.severity.rawValue)\",\"code\":\(jsonText(notice.state.code)),"
            + "\"message\":\(jsonText(notice.message))}"
        }
        append(",\"notices\":[\(texts.joined(separator: ","))]")
      }
      append("}\n")
    }
    return out
  }

  private mutating func append(_ text: String) { out.append(contentsOf: text.utf8) }

  // MARK: - JSON

  private mutating func appendArrayRow(_ columns: [Vector], _ row: Int) throws(ApusError) {
    if rowCount > 0 { out.append(44) }
    out.append(91)
    for index in columns.indices {
      if index > 0 { out.append(44) }
      try appendJSON(columns[index], row)
    }
    out.append(93)
  }

  private mutating func appendObjectRow(_ columns: [Vector], _ row: Int) throws(ApusError) {
    out.append(123)
    for index in columns.indices {
      if index > 0 { out.append(44) }
      if index < keys.count { out.append(contentsOf: keys[index]) }
      try appendJSON(columns[index], row)
    }
    out.append(125)
    out.append(10)
  }

  private mutating func appendJSON(_ vector: Vector, _ row: Int) throws(ApusError) {
    if vector.isNull(row) { return append("null") }
    if case .constant(let box) = vector.storage { return try appendJSON(box.vector, 0) }
    if case .list(let offsets, let child) = vector.storage {
      let bounds = offsets.read(Int32.self)
      out.append(91)
      for item in Int(bounds[row])..<Int(bounds[row + 1]) {
        if item > Int(bounds[row]) { out.append(44) }
        try appendJSON(child.vector, item)
      }
      out.append(93)
      return
    }
    switch vector.type {
    case .bool: append(vector.value(at: row) == .bool(true) ? "true" : "false")
    case .int2, .int4, .int8, .oid, .xid, .json, .jsonb:
      try TextFormat.output(vector, row: row, settings: settings, into: &out)
    case .float4, .float8, .numeric:
      let start = out.count
      try TextFormat.output(vector, row: row, settings: settings, into: &out)
      // NaN and the infinities are no numbers in JSON.
      let first = out[start] == 45 && start + 1 < out.count ? out[start + 1] : out[start]
      if !(48...57).contains(first) {
        out.insert(34, at: start)
        out.append(34)
      }
    default:
      scratch.removeAll(keepingCapacity: true)
      try TextFormat.output(vector, row: row, settings: settings, into: &scratch)
      appendString()
    }
  }

  /// `scratch` as a JSON string.
  private mutating func appendString() {
    out.append(34)
    let needsEscape = scratch.contains { $0 < 32 || $0 == 34 || $0 == 92 }
    if needsEscape {
      let quoted = jsonText(String(decoding: scratch, as: UTF8.self)).utf8
      out.append(contentsOf: quoted.dropFirst().dropLast())
    } else {
      out.append(contentsOf: scratch)
    }
    out.append(34)
  }

  // MARK: - CSV

  private mutating func appendCSVRow(_ columns: [Vector], _ row: Int) throws(ApusError) {
    for index in columns.indices {
      if index > 0 { out.append(44) }
      if columns[index].isNull(row) { continue }
      scratch.removeAll(keepingCapacity: true)
      try TextFormat.output(columns[index], row: row, settings: settings, into: &scratch)
      appendCSV(scratch)
    }
    out.append(10)
  }

  /// As COPY's CSV: quoted when empty (null is nothing at all), and where a comma, quote or line end asks for it.
  private mutating func appendCSV(_ value: [UInt8]) {
    let isEndMark = fields.count == 1 && value == [92, 46]
    guard value.isEmpty || isEndMark || value.contains(where: { $0 == 44 || $0 == 34 || $0 == 10 || $0 == 13 }) else {
      out.append(contentsOf: value)
      return
    }
    out.append(34)
    for byte in value {
      if byte == 34 { out.append(34) }
      out.append(byte)
    }
    out.append(34)
  }
}
