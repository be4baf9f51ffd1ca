// The SQL that a rollup of the file stands for, and the form in which two definitions are compared.

import ApusBase
import ApusSyntax

extension RollupEntry {
  /// The query over the table at the bottom: what a finer rollup holds follows from the same rows.
  func query(timeColumn: String) -> String {
    var width = "time_bucket(\(quoteLiteral(every)), \(quoteIdentifier(timeColumn))"
    if let zone = timeZone, zone.uppercased() != "UTC" { width += ", \(quoteLiteral(zone))" }
    var columns = ["\(width)) AS \(quoteIdentifier(bucket))"]
    for item in by + measures {
      columns.append(
        item.expression == item.name && quoteIdentifier(item.name) == item.name
          ? item.expression : "\(item.expression) AS \(quoteIdentifier(item.name))")
    }
    let all = Array(0...by.count)
    let grouping: String
    if let sets {
      let lists = sets.map { set in "(" + ([1] + set.map { $0 + 2 }).map(String.init).joined(separator: ", ") + ")" }
      grouping = "GROUPING SETS (\(lists.joined(separator: ", ")))"
    } else {
      grouping = all.map { String($0 + 1) }.joined(separator: ", ")
    }
    let table = quoteQualified(table.schema == "public" ? [table.name] : [table.schema, table.name])
    let condition = filter.map { " WHERE \($0)" } ?? ""
    return "SELECT \(columns.joined(separator: ", ")) FROM \(table)\(condition) GROUP BY \(grouping)"
  }

  /// The statement that makes it, or with `replacing` gives it a new version.
  func statement(timeColumn: String, replacing: Bool = false) -> String {
    var options = ["rollup"]
    if replacing { options.append("replace") }
    if case .some(.some(let seconds)) = retention {
      options.append("retention = \(quoteLiteral(FixedDuration.text(seconds)))")
    }
    return "CREATE MATERIALIZED VIEW \(sqlName) WITH (\(options.joined(separator: ", "))) AS "
      + query(timeColumn: timeColumn)
  }

  var sqlName: String { name.sql }
}

extension EntryName {
  /// As SQL writes it.
  var sql: String { quoteQualified(schema == "public" ? [name] : [schema, name]) }
}

enum RollupText {
  /// A query written the one way there is: spaces, quotes, redundant parentheses and aliases as the deparser has them.
  static func canonical(_ query: String) -> String {
    guard let parsed = try? Parser.parse(query), parsed.count == 1, case .select(let id) = parsed[0].root else {
      return query
    }
    return parsed[0].arena.deparse(id)
  }
}
