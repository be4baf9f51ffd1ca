// ResultFormat owns the forms of a result, and the ones whose rows are written as they come: CSV and JSON.

import ApusBase

/// How results are shown.
public enum ResultFormat: String, CaseIterable, Sendable {
  case box, aligned, markdown, csv, json, ndjson

  /// Whether the output is for programs: nothing but the rows is written.
  public var isData: Bool { self == .csv || self == .json || self == .ndjson }
  /// Whether rows are written before the last one is known.
  var isStreamed: Bool { isData }
}

/// When a result is shown a column a line.
public enum Expansion: String, Sendable { case off, on, auto }

/// How results are shown, as `\x` and `\pset` set it.
public struct FormatOptions: Sendable {
  public var format = ResultFormat.box
  public var expansion = Expansion.off
  /// What stands for NULL; nil is the format's own: NULL in boxes, nothing elsewhere.
  public var null: String?
  /// Columns of the terminal, for `auto`; nil when the output is none.
  public var width: Int?

  public init(format: ResultFormat = .box) { self.format = format }

  var nullText: String { null ?? (format == .box ? "NULL" : "") }
}

/// CSV, JSON and NDJSON, row by row.
struct RowWriter {
  let format: ResultFormat
  let columns: [ResultColumn]
  let null: String?
  private let keys: [String]
  private var count = 0

  init(_ options: FormatOptions, _ columns: [ResultColumn]) {
    format = options.format
    null = options.null
    self.columns = columns
    keys = columns.map { jsonText($0.name) + ":" }
  }

  func start() -> String {
    switch format {
    case .csv: columns.map { Self.csv($0.name) }.joined(separator: ",") + "\n"
    case .json: "["
    default: ""
    }
  }

  mutating func row(_ values: [String?]) -> String {
    defer { count += 1 }
    switch format {
    case .csv: return values.map { $0.map { Self.csv($0) } ?? null ?? "" }.joined(separator: ",") + "\n"
    case .json: return (count == 0 ? "" : ",\n ") + object(values)
    default: return object(values) + "\n"
    }
  }

  func end() -> String { format == .json ? "]\n" : "" }

  /// Quoted when empty: NULL is nothing at all.
  private static func csv(_ value: String) -> String {
    let needsQuotes = value.isEmpty || value == "\\." || value.utf8.contains { [34, 44, 10, 13].contains($0) }
    guard needsQuotes else { return value }
    var text = "\""
    for scalar in value.unicodeScalars {
      if scalar == "\"" { text += "\"" }
      text.unicodeScalars.append(scalar)
    }
    return text + "\""
  }

  private func object(_ values: [String?]) -> String {
    var text = "{"
    for index in values.indices where index < columns.count {
      if index > 0 { text += "," }
      text += keys[index] + json(values[index], columns[index])
    }
    return text + "}"
  }

  private func json(_ value: String?, _ column: ResultColumn) -> String {
    guard let value else { return "null" }
    if column.isBool { return value == "t" ? "true" : "false" }
    if column.isJSON { return value }
    // NaN and the infinities are no numbers in JSON; money has a sign before it.
    if column.isNumber, let first = value.drop(while: { $0 == "-" }).first, first.isNumber { return value }
    return jsonText(value)
  }
}
