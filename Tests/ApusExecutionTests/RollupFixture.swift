// Rollups in memory: rows split into those that partials count and those that they do not, and queries over them.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusSyntax

/// Rows of a plan as values.
func values(_ plan: LogicalPlan, context: EvaluationContext = .utc) throws(ApusError) -> [[Value]] {
  let result = try executor.execute(plan, context: context, control: QueryControl())
  var list: [[Value]] = []
  while let batch = try result.next() {
    for row in 0..<batch.count { list.append(batch.columns.map { $0.value(at: row) }) }
  }
  return list
}

func optimised(_ plan: LogicalPlan, context: EvaluationContext = .utc) throws(ApusError) -> LogicalPlan {
  try Optimiser.optimise(plan, functions: .standard, context: context)
}

/// A table in memory with rollups. Its scans count the rows that they give.
final class RolledTable: TableProvider, @unchecked Sendable {
  let schema: TableSchema
  let rows: [[Value]]
  private let memory: MemoryTable
  private let columns: [(String, DataType)]
  var rollups: [any RollupTable] = []
  var rowCountEstimate: Int? { rows.count }
  var readsPaths: Bool { false }

  init(_ name: String, _ columns: [(String, DataType)], notNull: Set<String> = [], rows: [[Value]]) {
    self.columns = columns
    self.rows = rows
    schema = TableSchema(
      oid: 20_100, schema: "public", name: name,
      columns: columns.enumerated().map { index, column in
        TableColumn(
          id: ColumnID(UInt32(index + 1)), name: column.0, type: TypeReference(column.1),
          isNotNull: notNull.contains(column.0))
      })
    memory = MemoryTable(schema: schema, rows: rows)
  }

  /// The same table with some of its rows, without rollups.
  func part(_ rows: [[Value]]) -> MemoryTable { MemoryTable(schema: schema, rows: rows) }

  func capability(_ request: ScanRequest) -> ScanCapability { memory.capability(request) }
  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    try memory.scan(request, context: context)
  }
}

final class MemoryRollup: RollupTable {
  let schema = "public"
  let name: String
  let oid: OID
  let definition: RollupDefinition
  let partials: any TableProvider
  let uncounted: any TableProvider
  let presentPartials: any TableProvider
  let presentCounted: any TableProvider
  let presentUncounted: any TableProvider
  let hasHistory: Bool

  /// `counted` are runs of rows, each of which yields partials of its own; `expired` are runs whose rows the table no
  /// longer has.
  init(
    _ name: String, _ definition: RollupDefinition, of table: RolledTable, counted: [[[Value]]],
    uncounted: [[Value]], expired: [[[Value]]] = []
  ) throws(ApusError) {
    self.name = name
    self.definition = definition
    oid = OID(30_000)
    let present = try Self.partials(name, definition, table, counted)
    presentPartials = present
    partials = expired.isEmpty ? present : try Self.partials(name, definition, table, counted + expired)
    hasHistory = !expired.isEmpty
    presentCounted = table.part(counted.flatMap { $0 })
    presentUncounted = table.part(uncounted)
    self.uncounted = table.part(uncounted)
  }

  private static func partials(
    _ name: String, _ definition: RollupDefinition, _ table: RolledTable, _ runs: [[[Value]]]
  ) throws(ApusError) -> MemoryTable {
    var rows: [[Value]] = []
    for run in runs {
      rows += try values(try optimised(RollupPlan.partials(of: definition, from: table.part(run))))
    }
    let schema = TableSchema(
      oid: 30_000, schema: "public", name: name,
      columns: zip(definition.partialColumns, definition.partialFields).map { reference, field in
        TableColumn(id: reference.column, name: field.name, type: TypeReference(field.type))
      })
    return MemoryTable(schema: schema, rows: rows)
  }
}

/// Tables and rollups by name.
final class RollupCatalog: BinderCatalog {
  let functions = FunctionRegistry.standard
  let context: EvaluationContext
  private let relations: [String: Relation]

  init(_ tables: [any TableProvider], rollups: [any RollupTable] = [], context: EvaluationContext = .utc) {
    self.context = context
    var relations: [String: Relation] = [:]
    for table in tables { relations[table.schema.name] = .table(table) }
    for rollup in rollups { relations[rollup.name] = .rollup(rollup) }
    self.relations = relations
  }
  func relation(schema: String?, name: String) throws(ApusError) -> Relation? { relations[name] }
}

func bound(_ sql: String, _ catalog: any BinderCatalog) throws(ApusError) -> LogicalPlan {
  guard let statement = try Parser.parse(sql).first, case .select(let id) = statement.root else {
    throw .unexpected("not a query: \(sql)")
  }
  return try Binder.bind(query: id, in: statement, catalog: catalog, parameterTypes: []).plan
}

/// The definition of a rollup's query.
func definition(_ sql: String, _ catalog: any BinderCatalog) throws(ApusError) -> RollupDefinition {
  try RollupDefinition.extract(
    from: try bound(sql, catalog), functions: .standard, context: catalog.context
  ).definition
}

/// Rows as texts that tell every bit apart, in one order.
func texts(_ rows: [[Value]]) -> [String] {
  rows.map { row in
    row.map { value in
      switch value {
      case .float(let number): "f\(number.bitPattern)"
      default: "\(value)"
      }
    }.joined(separator: "|")
  }.sorted()
}
