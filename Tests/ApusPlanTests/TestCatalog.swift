// The tables that the tests of binding and planning use, and short ways to bind and optimise.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusSyntax

/// A table without rows that answers what it is told to.
final class TestTable: TableProvider {
  let schema: TableSchema
  let filterAnswer: Pushdown
  let rowCountEstimate: Int? = nil
  let hasEntitiesWithoutID: Bool
  private let entities: Set<String>

  init(
    schema: TableSchema, filterAnswer: Pushdown = .unsupported, entities: Set<String> = [],
    hasEntitiesWithoutID: Bool = false
  ) {
    self.schema = schema
    self.filterAnswer = filterAnswer
    self.entities = entities
    self.hasEntitiesWithoutID = hasEntitiesWithoutID
  }
  func entityColumn(_ column: ColumnID) -> ColumnReference? {
    guard let named = schema.columns.first(where: { $0.id == column }), entities.contains(named.name) else {
      return nil
    }
    return ColumnReference(column: ColumnID(column.value | 1 << 30), type: .int4)
  }
  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(filters: request.filters.map { _ in filterAnswer }, limit: .unsupported, aggregate: .unsupported)
  }
  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput { .rowGroups([]) }
}

final class TestCatalog: BinderCatalog {
  let functions = TestRegistry.shared
  let context: EvaluationContext
  private let relations: [String: Relation]

  init(now: Int64 = 1_000_000, views: [String: (query: String, columns: [String])] = [:], pgCatalog: Bool = false) {
    context = EvaluationContext(transactionTime: now, database: "postgres")
    var relations: [String: Relation] = [
      "public.events": .table(TestTable(schema: Self.events, filterAnswer: .inexact)),
      "public.users": .table(TestTable(schema: Self.users)),
      "public.visits": .table(TestTable(schema: Self.visits("visits"), entities: ["user_id", "anonymous_id"])),
      "public.late_visits": .table(
        TestTable(
          schema: Self.visits("late_visits"), entities: ["user_id", "anonymous_id"], hasEntitiesWithoutID: true)),
    ]
    for (name, view) in views {
      relations["public." + name] = .view(
        schema: "public", name: name, oid: 20_000, query: view.query, columns: view.columns)
    }
    if pgCatalog {
      for table in CatalogTables.all { relations["pg_catalog." + table.name] = .table(TestTable(schema: table)) }
    }
    self.relations = relations
  }

  func relation(schema: String?, name: String) throws(ApusError) -> Relation? {
    if let schema {
      if !["public", "pg_catalog", "information_schema"].contains(schema) {
        throw ApusError(.invalidSchemaName, "schema \"\(schema)\" does not exist")
      }
      return relations[schema + "." + name]
    }
    return relations["pg_catalog." + name] ?? relations["public." + name]
  }

  private static func table(_ oid: OID, _ name: String, _ columns: [(String, TypeReference)]) -> TableSchema {
    TableSchema(
      oid: oid, schema: "public", name: name,
      columns: columns.enumerated().map { index, column in
        TableColumn(id: ColumnID(UInt32(index + 1)), name: column.0, type: column.1)
      })
  }

  static let events: TableSchema = {
    var schema = table(
      16_400, "events",
      [
        ("time", .init(.timestamptz)), ("event", .init(.text)), ("distinct_id", .init(.text)),
        ("user_id", .init(.text)), ("anonymous_id", .init(.text)), ("session_id", .init(.text)),
        ("event_id", .init(.text)), ("sent_at", .init(.timestamptz)), ("received_at", .init(.timestamptz)),
        ("properties", .init(.jsonb)),
      ])
    schema.columns[2].generatedText = "coalesce(user_id, anonymous_id)"
    return schema
  }()

  /// As `events`, with ids of its entities.
  static func visits(_ name: String) -> TableSchema {
    var schema = events
    schema.name = name
    return schema
  }

  static let users: TableSchema = {
    var schema = table(
      16_401, "users",
      [
        ("id", .init(.int4)), ("name", .init(.text)), ("score", .init(.float8)), ("born", .init(.date)),
        ("tags", .init(.array(.text))), ("amount", .init(.numeric, modifier: (12 << 16 | 2) + 4)),
        ("small", .init(.int2)), ("big", .init(.int8)), ("code", .init(.varchar, modifier: 9)),
      ])
    schema.columns[7].defaultText = "7"
    return schema
  }()
}

/// A statement bound, whatever it is.
struct BoundStatement {
  var plan: LogicalPlan
  var fields: [Field]
  var parameterTypes: [DataType]
}

func bind(
  _ sql: String, catalog: any BinderCatalog = TestCatalog(), parameterTypes: [DataType?] = []
) throws(ApusError) -> BoundStatement {
  guard let statement = try Parser.parse(sql).first else { throw .unexpected("no statement") }
  switch statement.root {
  case .select(let id):
    let bound = try Binder.bind(query: id, in: statement, catalog: catalog, parameterTypes: parameterTypes)
    return BoundStatement(plan: bound.plan, fields: bound.fields, parameterTypes: bound.parameterTypes)
  case .insert(let insert):
    let bound = try Binder.bind(insert: insert, in: statement, catalog: catalog, parameterTypes: parameterTypes)
    return BoundStatement(
      plan: bound.plan, fields: bound.returning?.fields ?? [], parameterTypes: bound.parameterTypes)
  default: throw .unexpected("neither a query nor an INSERT")
  }
}

/// The lines of EXPLAIN after optimisation.
func explained(_ sql: String, catalog: any BinderCatalog = TestCatalog(), parameters: [Value] = []) throws -> [String] {
  let bound = try bind(sql, catalog: catalog)
  let plan = try Optimiser.optimise(
    bound.plan, functions: catalog.functions, context: catalog.context, parameters: parameters)
  return ExplainPrinter.lines(plan)
}
