// SQLiteQuery owns the SQL of a scan: what SQLite takes over, and how its rows are read back.

import ApusPluginKit

/// How a column of the result is read.
enum ResultColumn {
  case plain(PluginType)
  /// A sum of 64-bit numbers, as the sums of their upper and lower 32 bits: two columns of SQLite's.
  case wideSum

  var width: Int { if case .wideSum = self { 2 } else { 1 } }
}

/// A condition in SQL. `support` says how much of what was asked it is; an unsupported one has no text.
struct Condition {
  var sql: String
  var support: BackendSupport

  static let unsupported = Condition(sql: "", support: .unsupported)
}

struct SQLiteQuery {
  private(set) var sql = ""
  private(set) var results: [ResultColumn] = []
  /// Values of `?1`...: floats, whose text in SQL might be read with another last bit.
  private(set) var parameters: [Double] = []
  private(set) var answer = BackendScanAnswer(
    filters: [], limit: .unsupported, aggregation: .unsupported, description: "")
  private let table: BackendTable
  /// For tables that Apus did not make: what their columns may hold.
  private let declared: [DeclaredColumn]
  /// The order of text is that of its bytes in the file's encoding.
  private let isUTF8: Bool

  /// LIKE patterns past this length are SQLite's errors.
  private static let patternLengthMax = 10_000

  init(
    _ table: BackendTable, _ request: BackendScanRequest, declared: [DeclaredColumn], isUTF8: Bool
  ) throws(PluginError) {
    self.table = table
    self.declared = declared
    self.isUTF8 = isUTF8
    var conditions: [Condition] = []
    for filter in request.filters { conditions.append(condition(filter)) }
    let isExact = conditions.allSatisfy { $0.support == .exact }
    var selected: [String] = []
    var groups: [String] = []
    var aggregation = BackendSupport.unsupported
    if isExact, let asked = request.aggregation, let parts = aggregationSQL(asked) {
      (selected, groups, results) = parts
      aggregation = .exact
    } else {
      for column in request.columns {
        selected.append(try self.selected(column))
        results.append(.plain(column.type))
      }
    }
    sql = "SELECT \(selected.isEmpty ? "1" : selected.joined(separator: ", ")) FROM \(quoted(table.name))"
    let wheres = conditions.filter { $0.support != .unsupported }.map(\.sql)
    if !wheres.isEmpty { sql += " WHERE " + wheres.joined(separator: " AND ") }
    if !groups.isEmpty { sql += " GROUP BY " + groups.joined(separator: ", ") }
    var limit = BackendSupport.unsupported
    if let count = request.limit, isExact, aggregation == .unsupported {
      sql += " LIMIT \(count)"
      limit = .exact
    }
    answer = BackendScanAnswer(
      filters: conditions.map(\.support), limit: limit, aggregation: aggregation, description: sql)
  }

  /// The condition of a DELETE: all filters exactly, or 0A000.
  static func deletion(
    _ table: BackendTable, _ filters: [BackendFilter], declared: [DeclaredColumn], isUTF8: Bool
  ) throws(PluginError) -> (sql: String, parameters: [Double]) {
    let nothing = BackendScanRequest(columns: [], filters: filters)
    let query = try SQLiteQuery(table, nothing, declared: declared, isUTF8: isUTF8)
    guard query.answer.filters.allSatisfy({ $0 == .exact }) else {
      throw .unsupported("this condition in a DELETE from a table in sqlite")
    }
    let condition = query.sql.dropFirst("SELECT 1 FROM \(quoted(table.name))".count)
    return ("DELETE FROM \(quoted(table.name))\(condition)", query.parameters)
  }

  // MARK: Columns

  private func name(_ column: BackendColumn) throws(PluginError) -> String {
    guard column.index >= 0, column.index < table.columns.count else {
      throw PluginError("XX000", "table \"\(table.name)\" has no column \(column.index)")
    }
    return quoted(table.columns[column.index].name)
  }

  /// A column or path as a value of its type.
  private func selected(_ column: BackendColumn) throws(PluginError) -> String {
    let name = try name(column)
    let stored = table.columns[column.index].type
    if column.path.isEmpty {
      if stored == .jsonb, !table.isOwned {
        throw PluginError(
          "0A000", "column \(name) of a foreign table in sqlite cannot be jsonb", hint: "Declare it as json.")
      }
      // Numbers in a column that is read as text become text; of other classes nothing is converted.
      return storage(column) == .text || StorageClass(column.type) != .text || column.type == .uuid
        ? name : "CASE WHEN typeof(\(name)) = 'blob' THEN \(name) ELSE CAST(\(name) AS TEXT) END"
    }
    guard table.isOwned, stored == .jsonb, column.type == .text || column.type == .jsonb,
      column.path.allSatisfy({ !$0.utf8.contains(0) })
    else { throw .unsupported("a path into column \(name) as \(column.type.sqlName) in sqlite") }
    let keys = column.path.map { ", " + literal($0) }.joined()
    return "\(column.type == .text ? "apus_path_text" : "apus_path")(\(name)\(keys))"
  }

  private func storage(_ column: BackendColumn) -> StorageClass {
    guard !table.isOwned, column.index < table.columns.count else { return StorageClass(column.type) }
    let name = table.columns[column.index].name
    guard let found = declared.first(where: { $0.name.lowercased() == name.lowercased() }) else { return .any }
    return StorageClass(declaration: found.declaration)
  }

  /// A column as something that SQLite compares as PostgreSQL does; nil when it would not.
  private func comparable(_ column: BackendColumn, ordered: Bool) -> String? {
    guard let sql = try? selected(column) else { return nil }
    if !column.path.isEmpty { return column.type == .text && (isUTF8 || !ordered) ? sql : nil }
    switch column.type {
    case .bool, .int2, .int4, .int8, .date, .time, .timestamp, .timestamptz:
      return storage(column) == .integer ? sql : nil
    case .float4, .float8: return storage(column) == .real ? sql : nil
    case .text, .varchar, .name:
      guard storage(column) == .text, isUTF8 || !ordered else { return nil }
      return table.isOwned ? sql : sql + " COLLATE BINARY"
    case .uuid: return table.isOwned ? sql : nil
    case .bytea: return storage(column) == .blob ? sql : nil
    case .bpchar, .numeric, .json, .jsonb, .interval: return nil
    }
  }

  // MARK: Conditions

  private mutating func condition(_ filter: BackendFilter) -> Condition {
    let kept = parameters
    let made = form(of: filter)
    // Parameters of what is left out are left out too.
    if made.support == .unsupported { parameters = kept }
    return made
  }

  private mutating func form(of filter: BackendFilter) -> Condition {
    switch filter {
    case .compare(let column, let comparison, let constant):
      guard let left = comparable(column, ordered: comparison.isOrder), let right = value(constant, for: column.type)
      else { return .unsupported }
      return Condition(sql: "\(left) \(comparison.sql) \(right)", support: .exact)
    case .inList(let column, let constants):
      guard let left = comparable(column, ordered: false) else { return .unsupported }
      var values: [String] = []
      for constant in constants {
        guard let right = value(constant, for: column.type) else { return .unsupported }
        values.append(right)
      }
      return Condition(sql: "\(left) IN (\(values.joined(separator: ", ")))", support: .exact)
    case .isNull(let column, let negated):
      guard let operand = try? selected(column) else { return .unsupported }
      return Condition(sql: "\(operand) IS \(negated ? "NOT NULL" : "NULL")", support: .exact)
    case .prefix(let column, let prefix):
      guard column.type.isPlainText, prefix.utf8.count <= Self.patternLengthMax,
        let operand = comparable(column, ordered: false)
      else { return .unsupported }
      var pattern = ""
      for character in prefix.unicodeScalars {
        if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
        pattern.unicodeScalars.append(character)
      }
      return Condition(sql: "\(operand) LIKE \(literal(pattern + "%")) ESCAPE '\\'", support: .exact)
    case .and(let parts): return all(parts)
    case .or(let parts): return any(parts)
    case .not(let part):
      let inner = condition(part)
      guard inner.support == .exact else { return .unsupported }
      return Condition(sql: "NOT (\(inner.sql))", support: .exact)
    case .unknown: return .unsupported
    }
  }

  private mutating func all(_ parts: [BackendFilter]) -> Condition {
    var kept: [String] = []
    var support = BackendSupport.exact
    for part in parts {
      let inner = condition(part)
      support = min(support, inner.support == .unsupported ? .inexact : inner.support)
      if inner.support != .unsupported { kept.append("(\(inner.sql))") }
    }
    if kept.isEmpty { return .unsupported }
    return Condition(sql: kept.count == 1 ? kept[0] : "(\(kept.joined(separator: " AND ")))", support: support)
  }

  private mutating func any(_ parts: [BackendFilter]) -> Condition {
    var kept: [String] = []
    var support = BackendSupport.exact
    for part in parts {
      let inner = condition(part)
      if inner.support == .unsupported { return .unsupported }
      support = min(support, inner.support)
      kept.append("(\(inner.sql))")
    }
    if kept.isEmpty { return .unsupported }
    return Condition(sql: "(\(kept.joined(separator: " OR ")))", support: support)
  }

  /// A constant as SQLite keeps values of the column's type; nil where the two would not compare as in PostgreSQL.
  private mutating func value(_ constant: BackendConstant, for type: PluginType) -> String? {
    let isSameKind =
      constant.type == type || (constant.type.isInteger && type.isInteger) || (constant.type.isFloat && type.isFloat)
      || (constant.type.isPlainText && type.isPlainText)
    guard isSameKind else { return nil }
    switch constant.value {
    case .bool(let flag): return flag ? "1" : "0"
    // The smallest number has no literal: a minus is an operator in SQLite.
    case .integer(let number): return number == .min ? "(-9223372036854775807 - 1)" : "\(number)"
    case .real(let number):
      // SQLite has no NaN.
      if number.isNaN { return nil }
      parameters.append(number)
      return "?\(parameters.count)"
    case .text(let text): return text.utf8.contains(0) ? nil : literal(text)
    case .bytes(let bytes):
      if type == .uuid { return bytes.count == 16 ? literal(UUIDText.text(of: bytes)) : nil }
      return "x'\(hexadecimal(bytes))'"
    case .null: return nil
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes { text += UUIDText.hexadecimal(byte) }
    return text
  }

  // MARK: Aggregation

  private mutating func aggregationSQL(
    _ asked: BackendAggregation
  ) -> (selected: [String], groups: [String], results: [ResultColumn])? {
    if asked.groupings.isEmpty && asked.aggregates.isEmpty { return nil }
    let kept = parameters
    var parts: (selected: [String], groups: [String], results: [ResultColumn]) = ([], [], [])
    for grouping in asked.groupings {
      guard let sql = self.grouping(grouping) else { return nil }
      parts.selected.append(sql)
      parts.groups.append("\(parts.selected.count)")
    }
    parts.results = asked.groupings.isEmpty ? [] : asked.types.prefix(asked.groupings.count).map { .plain($0) }
    for call in asked.aggregates {
      guard let (sql, result) = aggregate(call) else {
        parameters = kept
        return nil
      }
      parts.selected += sql
      parts.results.append(result)
    }
    return parts
  }

  private func grouping(_ grouping: BackendGrouping) -> String? {
    switch grouping {
    case .column(let column):
      // -0 and 0 are one group of which either may stand for it.
      return comparable(column, ordered: false)
    case .bucket(let column, let months, let microseconds, let origin):
      guard let time = comparable(column, ordered: true), column.path.isEmpty else { return nil }
      let isDate = column.type == .date
      guard isDate || column.type == .timestamp || column.type == .timestamptz else { return nil }
      if months > 0 {
        guard microseconds == 0, !isDate, Months.start(of: Months.number(of: origin)) == origin else { return nil }
        return "apus_months(\(time), \(months), \(origin))"
      }
      guard microseconds > 0, microseconds < 1 << 60, months == 0 else { return nil }
      var (width, start) = (microseconds, origin)
      if isDate {
        guard width % Months.microsecondsPerDay == 0, start % Months.microsecondsPerDay == 0 else { return nil }
        (width, start) = (width / Months.microsecondsPerDay, start / Months.microsecondsPerDay)
      }
      // An origin in [0, width) gives the same buckets, and the subtraction cannot overflow.
      start = (start % width &+ width) % width
      let (low, high) = isDate ? (Int64(Int32.min), Int64(Int32.max)) : (Int64.min &+ 1, Int64.max)
      let moved = start == 0 ? time : "(\(time) - \(start))"
      let remainder = "((\(moved) % \(width)) + \(width)) % \(width)"
      return "CASE WHEN \(time) >= \(high) OR \(time) <= \(low) THEN \(time) ELSE \(time) - \(remainder) END"
    }
  }

  private mutating func aggregate(_ call: BackendAggregate) -> (sql: [String], result: ResultColumn)? {
    var suffix = ""
    if let filter = call.filter {
      let inner = condition(filter)
      guard inner.support == .exact else { return nil }
      suffix = " FILTER (WHERE \(inner.sql))"
    }
    if call.function == .countRows { return (["count(*)" + suffix], .plain(.int8)) }
    let column = call.column
    switch call.function {
    case .countRows: return nil
    case .count:
      guard let operand = try? selected(column) else { return nil }
      return (["count(\(operand))" + suffix], .plain(.int8))
    case .sum:
      guard column.path.isEmpty, column.type.isInteger, let operand = comparable(column, ordered: false) else {
        return nil
      }
      if column.type != .int8 { return call.type == .int8 ? (["sum(\(operand))" + suffix], .plain(.int8)) : nil }
      guard call.type == .numeric else { return nil }
      return (["sum(\(operand) >> 32)" + suffix, "sum(\(operand) & 4294967295)" + suffix], .wideSum)
    case .minimum, .maximum:
      guard call.type == column.type, let operand = comparable(column, ordered: true) else { return nil }
      return (["\(call.function == .minimum ? "min" : "max")(\(operand))" + suffix], .plain(call.type))
    }
  }
}
