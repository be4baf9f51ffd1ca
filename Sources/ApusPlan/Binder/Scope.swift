// Scope owns the names that an expression may use: the items of a FROM clause, level by level.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// A bound expression with what coercions and errors need to know of where it came from.
struct Bound {
  var expression: Expression
  /// `atttypmod` of a column or cast, or -1.
  var modifier: Int32 = -1
  /// The leftmost place of it in the text.
  var position: Int?
  /// The table column that it is.
  var tableOID: OID = 0
  var columnNumber: Int16 = 0
  /// Of a record: its fields, where they are known.
  var recordFields: [Field] = []

  var type: DataType { expression.type }

  init(_ expression: Expression, modifier: Int32 = -1, position: Int? = nil) {
    self.expression = expression
    self.modifier = modifier
    self.position = position
  }
}

/// A column that a FROM item gives, as an expression over the input row of the query.
struct ScopeColumn {
  var name: String
  var expression: Expression
  var modifier: Int32 = -1
  var tableOID: OID = 0
  var columnNumber: Int16 = 0
  /// `*` leaves it out.
  var isHidden = false
  var recordFields: [Field] = []

  init(_ field: Field, index: Int) {
    name = field.name
    expression = .column(index, field.type)
    modifier = field.modifier
    tableOID = field.tableOID
    columnNumber = field.columnNumber
    recordFields = field.recordFields
  }
  init(name: String, expression: Expression, modifier: Int32 = -1, tableOID: OID = 0, columnNumber: Int16 = 0) {
    self.name = name
    self.expression = expression
    self.modifier = modifier
    self.tableOID = tableOID
    self.columnNumber = columnNumber
  }
  var field: Field {
    var field = Field(name, expression.type, modifier: modifier, tableOID: tableOID, columnNumber: columnNumber)
    field.recordFields = recordFields
    return field
  }
}

/// An item of FROM as names see it (PostgreSQL's namespace item).
struct RangeItem {
  /// The alias, or the table's own name; nil for an unnamed join or subquery.
  var name: String?
  var schema: String?
  /// The table's own name where an alias hides it, for hints.
  var hiddenName: String?
  var columns: [ScopeColumn]
  /// Whether its columns may be named alone (not so for the parts of a JOIN USING).
  var columnsAreVisible = true
  /// Whether `name.column` may be used.
  var isVisible = true
  var tableOID: OID = 0
  /// A function that gives one plain column: the item's name alone means that column.
  var isScalarFunction = false
  /// Whether an outer join may give nulls for all of it.
  var mayBeMissing = false
}

/// What is being bound, for the errors on aggregates and set-returning functions out of place.
enum Clause: String {
  case select = "SELECT"
  case filter = "WHERE"
  case having = "HAVING"
  case groupBy = "GROUP BY"
  case orderBy = "ORDER BY"
  case distinctOn = "DISTINCT ON"
  case joinCondition = "JOIN conditions"
  case limit = "LIMIT"
  case offset = "OFFSET"
  case values = "VALUES"
  case returning = "RETURNING"
  case update = "UPDATE"
  case fromFunction = "functions in FROM"
  case aggregateFilter = "FILTER"
  case defaultValue = "DEFAULT expressions"
  case generated = "column generation expressions"

  var allowsAggregates: Bool {
    self == .select || self == .having || self == .orderBy || self == .distinctOn
  }
  var allowsWindows: Bool { self == .select || self == .orderBy || self == .distinctOn }
  var allowsSets: Bool { self == .select || self == .orderBy || self == .groupBy || self == .distinctOn }
}

/// The names of one query level.
final class Scope {
  /// The level outside: its columns are `.outer(level: 1)` here.
  let parent: Scope?
  let depth: Int
  var items: [RangeItem] = []
  /// Columns of the input row.
  var width = 0
  var clause = Clause.select
  /// Set while the arguments of an aggregate are bound.
  var isInAggregate = false
  /// Set where a set-returning function cannot stand ("CASE", "COALESCE"), for the error.
  var setsRefusedIn: String?
  /// An item that stands to the right sees this scope only when it is LATERAL: whether anything referred to it.
  var isReferenced = false

  /// Set while something is bound that stands inside this level's plan but may not see it: a FROM item that is not
  /// LATERAL.
  var isHidden = false
  /// The common table expressions that queries in here see.
  var tables: CommonTables?

  var aggregates: [AggregateCall] = []
  /// The conjuncts of WHERE: gap filling takes its bounds from them.
  var conditions: [Expression] = []
  /// Set-returning functions of the select list.
  var sets: [(function: TableFunction, arguments: [Expression])] = []
  /// How deep each stands over others among its arguments; those of one depth run in step.
  var setDepths: [Int] = []
  /// The columns of those whose rows the plan has by now.
  var setPlaces: [Int: Int] = [:]
  /// The WINDOW clause, and its windows as far as they are bound.
  var windowDefinitions: [WindowDefinition] = []
  var boundWindows: [BoundWindow?] = []
  /// The distinct windows and calls of the query.
  var windowSpecs: [WindowSpec] = []
  var windowCalls: [WindowCall] = []
  /// Set while something within a window call or definition is bound.
  var windowPlace: WindowPlace?
  /// The grouping() calls' arguments, each once.
  var groupingCalls: [(arguments: [Expression], positions: [Int?])] = []
  /// Column references in order of binding, for the position of a grouping error.
  var references: [(column: ScopeColumn, item: String?, position: Int?)] = []
  var recordsReferences = false

  init(parent: Scope?, tables: CommonTables? = nil) {
    self.parent = parent
    self.tables = tables
    depth = (parent?.depth ?? 0) + 1
  }

  /// Placeholders within the bound expressions of a query, replaced when its groupings are known.
  static let aggregateBase = 1 << 40
  static let setBase = 1 << 41
  static let groupingBase = 1 << 42
  static let windowBase = 1 << 43
}

/// Optional scope's depth: 0 outside of every query.
func depth(of scope: Scope?) -> Int { scope?.depth ?? 0 }

extension Scope {
  /// The column of that name among the visible ones; nil when there is none, 42702 when there are several.
  func column(named name: String, position: Int?) throws -> (item: Int, column: Int)? {
    var found: (Int, Int)?
    for (itemIndex, item) in items.enumerated() where item.columnsAreVisible {
      for (columnIndex, column) in item.columns.enumerated() where column.name == name {
        if found != nil {
          throw ApusError(.ambiguousColumn, "column reference \"\(name)\" is ambiguous", position: position)
        }
        found = (itemIndex, columnIndex)
      }
    }
    return found
  }

  func item(schema: String?, named name: String, position: Int?) throws -> Int? {
    var found: Int?
    for (index, item) in items.enumerated() where item.isVisible && item.name == name {
      if let schema, item.schema != schema || item.hiddenName != nil { continue }
      if found != nil {
        throw ApusError(.ambiguousAlias, "table reference \"\(name)\" is ambiguous", position: position)
      }
      found = index
    }
    return found
  }
}

extension Binding {
  /// `a`, `t.a`, `s.t.a` as an expression over the row of `scope`.
  func column(_ names: [String], position: Int?, scope: Scope?) throws -> Bound {
    guard let name = names.last else { throw ApusError.unexpected("a column without a name") }
    if names.count == 1 { return try unqualified(name, position: position, scope: scope) }
    if names.count > 4 {
      throw ApusError(
        .syntaxError, "improper qualified name (too many dotted names): \(names.joined(separator: "."))",
        position: position)
    }
    if names.count == 4, names[0] != catalog.context.database {
      throw ApusError(
        .featureNotSupported,
        "cross-database references are not implemented: \(names.joined(separator: "."))", position: position)
    }
    let table = names[names.count - 2]
    let schema = names.count > 2 ? names[names.count - 3] : nil
    var level = 0
    var current = scope
    while let place = current {
      if !place.isHidden, let itemIndex = try place.item(schema: schema, named: table, position: position) {
        let item = place.items[itemIndex]
        var found: ScopeColumn?
        for column in item.columns where column.name == name {
          if found != nil {
            throw ApusError(.ambiguousColumn, "column reference \"\(name)\" is ambiguous", position: position)
          }
          found = column
        }
        if let found { return reference(found, item: item.name, in: place, level: level, position: position) }
        if name == "tableoid", item.tableOID != 0 { return tableOID(item, position) }
        throw missingColumn(name, qualifier: table, position: position, scope: scope)
      }
      current = place.parent
      level += 1
    }
    throw missingTable(table, position: position, scope: scope)
  }

  private func unqualified(_ name: String, position: Int?, scope: Scope?) throws -> Bound {
    var level = 0
    var current = scope
    while let place = current {
      if !place.isHidden, let found = try place.column(named: name, position: position) {
        let item = place.items[found.item]
        return reference(item.columns[found.column], item: item.name, in: place, level: level, position: position)
      }
      current = place.parent
      level += 1
    }
    level = 0
    current = scope
    while let place = current {
      if !place.isHidden, let index = try place.item(schema: nil, named: name, position: position) {
        let item = place.items[index]
        if item.isScalarFunction, let column = item.columns.first {
          return reference(column, item: item.name, in: place, level: level, position: position)
        }
        throw ApusError.unsupported("whole-row references are", position: position)
      }
      if name == "tableoid", !place.isHidden,
        let item = place.items.first(where: { $0.tableOID != 0 && $0.columnsAreVisible })
      {
        return tableOID(item, position)
      }
      current = place.parent
      level += 1
    }
    throw missingColumn(name, qualifier: nil, position: position, scope: scope)
  }

  private func tableOID(_ item: RangeItem, _ position: Int?) -> Bound {
    Bound(.literal(.int(Int64(item.tableOID)), .oid), position: position)
  }

  func reference(_ column: ScopeColumn, item: String?, in place: Scope, level: Int, position: Int?) -> Bound {
    place.isReferenced = true
    if place.recordsReferences, !place.isInAggregate {
      place.references.append((column, item, position))
    }
    var bound = Bound(
      level == 0 ? column.expression : column.expression.asOuter(level: level), modifier: column.modifier,
      position: position)
    bound.tableOID = level == 0 ? column.tableOID : 0
    bound.columnNumber = level == 0 ? column.columnNumber : 0
    bound.recordFields = column.recordFields
    return bound
  }

  // MARK: Errors

  func missingTable(_ table: String, position: Int?, scope: Scope?) -> ApusError {
    var current = scope
    while let place = current {
      for item in place.items {
        if item.hiddenName == table, let alias = item.name {
          return ApusError(
            .undefinedTable, "invalid reference to FROM-clause entry for table \"\(table)\"",
            hint: "Perhaps you meant to reference the table alias \"\(alias)\".", position: position)
        }
        if item.name == table {
          return ApusError(
            .undefinedTable, "invalid reference to FROM-clause entry for table \"\(table)\"",
            hint: "There is an entry for table \"\(table)\", but it cannot be referenced from this part of the query.",
            position: position)
        }
      }
      current = place.parent
    }
    if hiddenItems.contains(where: { $0.name == table }) {
      return ApusError(
        .undefinedTable, "invalid reference to FROM-clause entry for table \"\(table)\"",
        hint: "There is an entry for table \"\(table)\", but it cannot be referenced from this part of the query.",
        position: position)
    }
    return ApusError(.undefinedTable, "missing FROM-clause entry for table \"\(table)\"", position: position)
  }

  func missingColumn(_ name: String, qualifier: String?, position: Int?, scope: Scope?) -> ApusError {
    if qualifier == nil,
      let owner = hiddenItems.first(where: { $0.columns.contains { $0.name == name } })?.name
    {
      return ApusError(
        .undefinedColumn, "column \"\(name)\" does not exist",
        hint: "There is a column named \"\(name)\" in table \"\(owner)\", but it cannot be referenced from this part "
          + "of the query.", position: position)
    }
    let shown = qualifier.map { "column \($0).\(name) does not exist" } ?? "column \"\(name)\" does not exist"
    return ApusError(
      .undefinedColumn, shown, hint: columnHint(name, qualifier: qualifier, scope: scope), position: position)
  }

  /// PostgreSQL's suggestion: the one or two nearest column names, by edit distance.
  private func columnHint(_ name: String, qualifier: String?, scope: Scope?) -> String? {
    var best = 4
    var matches: [(String, String)] = []
    var current = scope
    while let place = current {
      for item in place.items {
        guard let itemName = item.name else { continue }
        let penalty = qualifier.map { editDistance($0, itemName) } ?? 0
        if penalty > best { continue }
        for column in item.columns {
          let distance = editDistance(name, column.name)
          if distance > column.name.utf8.count / 2 { continue }
          let total = distance + penalty
          if total < best {
            best = total
            matches = [(itemName, column.name)]
          } else if total == best, best <= 3 {
            matches.append((itemName, column.name))
          }
        }
      }
      current = place.parent
    }
    switch matches.count {
    case 1: return "Perhaps you meant to reference the column \"\(matches[0].0).\(matches[0].1)\"."
    case 2:
      return "Perhaps you meant to reference the column \"\(matches[0].0).\(matches[0].1)\" or the column "
        + "\"\(matches[1].0).\(matches[1].1)\"."
    default: return nil
    }
  }
}

/// Levenshtein's distance, for hints.
func editDistance(_ a: String, _ b: String) -> Int {
  let left = Array(a.unicodeScalars)
  let right = Array(b.unicodeScalars)
  if abs(left.count - right.count) > 4 { return abs(left.count - right.count) }
  var row = Array(0...right.count)
  for (index, scalar) in left.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in 0..<right.count {
      let replaced = diagonal + (scalar == right[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
    }
  }
  return row[right.count]
}
