// PostgresQuery owns the remote SQL of a scan. Apus has PostgreSQL's semantics, so most of it says the same there; what
// depends on the remote's collations is said with COLLATE "C".

import ApusPluginKit

/// A condition in SQL. `support` says how much of what was asked it is; an unsupported one has no text.
struct Condition {
  var sql: String
  var support: BackendSupport

  static let unsupported = Condition(sql: "", support: .unsupported)
}

struct PostgresQuery {
  private(set) var sql = ""
  private(set) var types: [PluginType] = []
  private(set) var answer: BackendScanAnswer
  private let table: BackendTable
  private let facts: ServerFacts

  init(_ table: BackendTable, _ request: BackendScanRequest, _ facts: ServerFacts) throws(PluginError) {
    self.table = table
    self.facts = facts
    answer = BackendScanAnswer(filters: [], limit: .unsupported, aggregation: .unsupported, description: "")
    let conditions = request.filters.map { condition($0) }
    let isExact = conditions.allSatisfy { $0.support == .exact }
    var selected: [String] = []
    var groupCount = 0
    var aggregation = BackendSupport.unsupported
    if isExact, let asked = request.aggregation, let parts = aggregationSQL(asked) {
      selected = parts
      groupCount = asked.groupings.count
      types = asked.types
      aggregation = .exact
    } else {
      for column in request.columns { selected.append(try operand(column)) }
      types = request.columns.map(\.type)
    }
    sql = "SELECT \(selected.joined(separator: ", ")) FROM \(table.remoteName)"
    let wheres = conditions.filter { $0.support != .unsupported }.map(\.sql)
    if !wheres.isEmpty { sql += " WHERE " + wheres.joined(separator: " AND ") }
    if groupCount > 0 { sql += " GROUP BY " + (1...groupCount).map { "\($0)" }.joined(separator: ", ") }
    var limit = BackendSupport.unsupported
    if let count = request.limit, isExact, aggregation == .unsupported {
      sql += " LIMIT \(count)"
      limit = .exact
    }
    answer = BackendScanAnswer(
      filters: conditions.map(\.support), limit: limit, aggregation: aggregation, description: sql)
  }

  /// A DELETE by all filters exactly, or 0A000.
  static func deletion(
    _ table: BackendTable, _ filters: [BackendFilter], _ facts: ServerFacts
  ) throws(PluginError) -> String {
    let query = try PostgresQuery(table, BackendScanRequest(columns: [], filters: filters), facts)
    guard query.answer.filters.allSatisfy({ $0 == .exact }) else {
      throw .unsupported("this condition in a DELETE from a table in PostgreSQL")
    }
    return "DELETE" + query.sql.dropFirst("SELECT ".count)
  }

  // MARK: Columns

  /// A column or path as a value of its Apus type. Tables of Apus have it already; of others, casts to the same type
  /// cost nothing and hide no index.
  private func operand(_ column: BackendColumn) throws(PluginError) -> String {
    guard column.index >= 0, column.index < table.columns.count else {
      throw PluginError("XX000", "table \"\(table.name)\" has no column \(column.index)")
    }
    let stored = table.columns[column.index]
    var sql = quoted(stored.name)
    if !table.isOwned { sql += "::\(stored.type.sqlName(modifier: stored.modifier))" }
    guard let last = column.path.last else { return sql }
    guard stored.type == .jsonb, column.path.allSatisfy({ !$0.utf8.contains(0) }) else {
      throw .unsupported("a path into column \"\(stored.name)\" in PostgreSQL")
    }
    for key in column.path.dropLast() { sql += " -> \(literal(key))" }
    if column.type == .jsonb { return "(\(sql) -> \(literal(last)))" }
    sql = "(\(sql) ->> \(literal(last)))"
    return column.type == .text ? sql : "\(sql)::\(column.type.sqlName)"
  }

  /// Whether the remote compares values of the column as Apus does.
  private func isComparable(_ column: BackendColumn, ordered: Bool) -> Bool {
    switch column.type {
    case .bool, .int2, .int4, .int8, .float4, .float8, .numeric, .bytea, .uuid, .date, .time, .timestamp, .timestamptz:
      true
    case .text, .varchar, .name: facts.isUTF8 || !ordered
    case .bpchar, .json, .jsonb, .interval: false
    }
  }

  private func hasCollation(_ column: BackendColumn) -> Bool { column.type == .text || column.type == .varchar }

  /// Whether the remote's own collation of the column may be another than "C".
  private func isForeignText(_ column: BackendColumn) -> Bool {
    hasCollation(column) && (!table.isOwned || !column.path.isEmpty)
  }

  private func byBytes(_ sql: String, _ column: BackendColumn) -> String {
    isForeignText(column) ? "\(sql) COLLATE \"C\"" : sql
  }

  // MARK: Conditions

  private func condition(_ filter: BackendFilter) -> Condition {
    switch filter {
    case .compare(let column, let comparison, let constant):
      guard isComparable(column, ordered: comparison.isOrder), let left = try? operand(column),
        let right = value(constant, for: column.type)
      else { return .unsupported }
      return Condition(sql: compared(left, "\(comparison.sql) \(right)", column, comparison == .equal), support: .exact)
    case .inList(let column, let constants):
      guard isComparable(column, ordered: false), let left = try? operand(column), !constants.isEmpty else {
        return .unsupported
      }
      let values = constants.compactMap { value($0, for: column.type) }
      guard values.count == constants.count else { return .unsupported }
      return Condition(sql: compared(left, "IN (\(values.joined(separator: ", ")))", column, true), support: .exact)
    case .isNull(let column, let negated):
      guard let operand = try? operand(column) else { return .unsupported }
      return Condition(sql: "\(operand) IS \(negated ? "NOT NULL" : "NULL")", support: .exact)
    case .prefix(let column, let prefix):
      guard column.type.isPlainText, let operand = try? operand(column), !prefix.utf8.contains(0) else {
        return .unsupported
      }
      var pattern = ""
      for character in prefix.unicodeScalars {
        if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
        pattern.unicodeScalars.append(character)
      }
      return Condition(sql: "\(byBytes(operand, column)) LIKE \(literal(pattern + "%"))", support: .exact)
    case .and(let parts): return all(parts)
    case .or(let parts): return any(parts)
    case .not(let part):
      let inner = condition(part)
      guard inner.support == .exact else { return .unsupported }
      return Condition(sql: "NOT (\(inner.sql))", support: .exact)
    case .unknown: return .unsupported
    }
  }

  /// Equality of text is tried by the remote's collation too, since only that finds its index.
  private func compared(_ left: String, _ test: String, _ column: BackendColumn, _ isEquality: Bool) -> String {
    guard isForeignText(column) else { return "\(left) \(test)" }
    let byBytes = "\(left) COLLATE \"C\" \(test)"
    return isEquality && column.path.isEmpty ? "(\(left) \(test) AND \(byBytes))" : byBytes
  }

  private func all(_ parts: [BackendFilter]) -> Condition {
    let inner = parts.map { condition($0) }
    let kept = inner.filter { $0.support != .unsupported }
    if kept.isEmpty { return .unsupported }
    let support: BackendSupport = kept.count < inner.count ? .inexact : kept.map(\.support).min() ?? .unsupported
    return Condition(sql: "(\(kept.map { "(\($0.sql))" }.joined(separator: " AND ")))", support: support)
  }

  private func any(_ parts: [BackendFilter]) -> Condition {
    let inner = parts.map { condition($0) }
    guard let support = inner.map(\.support).min(), support != .unsupported else { return .unsupported }
    return Condition(sql: "(\(inner.map { "(\($0.sql))" }.joined(separator: " OR ")))", support: support)
  }

  /// A constant of the column's kind; nil where the two would not compare as in Apus.
  private func value(_ constant: BackendConstant, for type: PluginType) -> String? {
    let isSameKind =
      constant.type == type || (constant.type.isInteger && type.isInteger) || (constant.type.isFloat && type.isFloat)
      || (constant.type.isPlainText && type.isPlainText)
    guard isSameKind else { return nil }
    switch (constant.value, constant.type) {
    case (.bool(let flag), _): return flag ? "true" : "false"
    case (.integer(let days), .date): return "'\(Calendar.dateText(days))'::date"
    case (.integer(let time), .time): return "'\(Calendar.timeText(time))'::time"
    case (.integer(let time), .timestamp): return "'\(Calendar.timestampText(time, zone: ""))'::timestamp"
    case (.integer(let time), .timestamptz): return "'\(Calendar.timestampText(time, zone: "+00"))'::timestamptz"
    case (.integer(let number), _): return number < 0 ? "'\(number)'::int8" : "\(number)"
    case (.real(let number), .float4): return "'\(Float(number))'::float4"
    case (.real(let number), _): return "'\(number)'::float8"
    case (.text(let text), .numeric): return "\(literal(text))::numeric"
    case (.text(let text), _):
      if text.utf8.contains(0) { return nil }
      // The bare literal would be cut to a name's length.
      return type == .name ? "\(literal(text))::text" : literal(text)
    case (.bytes(let bytes), .uuid): return bytes.count == 16 ? "'\(hexadecimal(bytes))'::uuid" : nil
    case (.bytes(let bytes), _): return "'\\x\(hexadecimal(bytes))'::bytea"
    case (.null, _): return nil
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  // MARK: Aggregation

  /// What is selected: groupings, then aggregates.
  private func aggregationSQL(_ asked: BackendAggregation) -> [String]? {
    if asked.groupings.isEmpty && asked.aggregates.isEmpty { return nil }
    var parts: [String] = []
    for grouping in asked.groupings {
      guard let sql = self.grouping(grouping) else { return nil }
      parts.append(sql)
    }
    for call in asked.aggregates {
      guard let sql = aggregate(call) else { return nil }
      parts.append(sql)
    }
    return parts
  }

  private func grouping(_ grouping: BackendGrouping) -> String? {
    switch grouping {
    case .column(let column):
      guard isComparable(column, ordered: false), let operand = try? operand(column) else { return nil }
      return byBytes(operand, column)
    case .bucket(let column, let months, let microseconds, let origin):
      guard column.path.isEmpty, let operand = try? operand(column) else { return nil }
      return bucket(operand, column.type, months: Int64(months), microseconds: microseconds, origin: origin)
    }
  }

  private func bucket(
    _ operand: String, _ type: PluginType, months: Int64, microseconds: Int64, origin: Int64
  ) -> String? {
    guard type == .timestamptz || type == .timestamp || type == .date else { return nil }
    if months > 0 { return microseconds == 0 ? monthBucket(operand, type, months, origin) : nil }
    guard microseconds > 0, microseconds < 1 << 60, months == 0 else { return nil }
    if type == .timestamptz || type == .timestamp, origin % microseconds == 0, let unit = Self.units[microseconds] {
      return type == .timestamp
        ? "date_trunc('\(unit)', \(operand))" : "date_trunc('\(unit)', \(operand), 'UTC')"
    }
    guard facts.hasDateBin else { return nil }
    // An origin in the year 1 gives the same buckets, and leaves room for differences to all others.
    let yearOne: Int64 = -62_135_596_800_000_000
    let place = (origin % microseconds &+ microseconds) % microseconds
    let start = yearOne &+ ((place &- yearOne) % microseconds &+ microseconds) % microseconds
    let stride = "'\(microseconds) microseconds'::interval"
    switch type {
    case .timestamptz:
      return "date_bin(\(stride), \(operand), '\(Calendar.timestampText(start, zone: "+00"))'::timestamptz)"
    case .timestamp:
      return "date_bin(\(stride), \(operand), '\(Calendar.timestampText(start, zone: ""))'::timestamp)"
    default:
      return "date_bin(\(stride), \(operand)::timestamp, '\(Calendar.timestampText(start, zone: ""))'::timestamp)::date"
    }
  }

  /// Units that begin at 1970-01-01 00:00.
  private static let units: [Int64: String] = [
    1_000_000: "second", 60_000_000: "minute", 3_600_000_000: "hour", Calendar.microsecondsPerDay: "day",
  ]

  private func monthBucket(
    _ operand: String, _ type: PluginType, _ months: Int64, _ origin: Int64
  ) -> String? {
    let day = Calendar.floorDivide(origin, Calendar.microsecondsPerDay)
    let (_, month, dayOfMonth) = Calendar.civil(day)
    guard dayOfMonth == 1, day &* Calendar.microsecondsPerDay == origin, type != .date else { return nil }
    let isJanuary = month == 1
    if months == 1 || (months == 12 && isJanuary) || (months == 3 && (month &- 1) % 3 == 0) {
      let unit = months == 1 ? "month" : months == 3 ? "quarter" : "year"
      return type == .timestamp
        ? "date_trunc('\(unit)', \(operand))" : "date_trunc('\(unit)', \(operand), 'UTC')"
    }
    return nil
  }

  private func aggregate(_ call: BackendAggregate) -> String? {
    var suffix = ""
    if let filter = call.filter {
      let inner = condition(filter)
      guard inner.support == .exact else { return nil }
      suffix = " FILTER (WHERE \(inner.sql))"
    }
    if call.function == .countRows { return "count(*)" + suffix }
    guard let operand = try? operand(call.column) else { return nil }
    switch call.function {
    case .countRows: return nil
    case .count: return "count(\(operand))" + suffix
    case .sum:
      let type = call.column.type
      let result: PluginType = type == .int2 || type == .int4 ? .int8 : .numeric
      guard type.isInteger || type == .numeric, call.type == result else { return nil }
      return "sum(\(operand))" + suffix
    case .minimum, .maximum:
      // Of uuid, bytea and bool PostgreSQL 15 has no minimum.
      guard call.type == call.column.type, isComparable(call.column, ordered: true),
        ![.uuid, .bytea, .bool, .name].contains(call.type)
      else { return nil }
      let name = call.function == .minimum ? "min" : "max"
      return "\(name)(\(byBytes(operand, call.column)))" + suffix
    }
  }
}
