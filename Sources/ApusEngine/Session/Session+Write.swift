// INSERT and COPY.

import ApusBase
import ApusColumns
import ApusExecution
import ApusPlan
import ApusPlugins
import ApusStore
import ApusSyntax

extension Session {
  func bindInsert(_ insert: Insert, _ body: StatementBody) throws(ApusError) -> BoundUnder<BoundInsert> {
    let snapshot = currentSnapshot()
    if let known = body.insert, isGood(known, for: snapshot) { return known }
    let bound = try Binder.bind(
      insert: insert, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
    return under(snapshot, bound)
  }

  func execute(insert: Insert, _ body: StatementBody, _ parameters: [Value]) throws(ApusError) -> Execution {
    try requireWritable("INSERT")
    let bound = try bindInsert(insert, body)
    let table = try target(bound.bound.table)
    try checkConflict(insert, bound.bound, table)
    var fields = bound.bound.columns.map { Field($0.name, $0.type.type) }
    var plan = bound.bound.plan
    if let returning = bound.bound.returning {
      // Computed with the rows, so that what a default made up is what is shown.
      let columns = fields.enumerated().map { ApusPlan.Expression.column($0.offset, $0.element.type) }
      fields += returning.fields
      plan = .project(plan, columns + returning.expressions, fields: fields)
    }
    let rows = try collect(try run(plan, fields: fields, parameters: parameters, snapshot: bound.snapshot))
    let writer = RowWriter(session: self, table: table, columns: bound.bound.columns)
    let width = bound.bound.columns.count
    for batch in rows { try writer.append(Batch(columns: Array(batch.columns[..<width]), count: batch.count)) }
    let outcome = writer.outcome
    let tag = { "INSERT 0 \(outcome.stored)" }
    guard let returning = bound.bound.returning else { return Execution(tag: tag) }
    let shown = rows.map { Batch(columns: Array($0.columns[width...]), count: $0.count) }
    return Execution(fields: returning.fields, batches: shown, tag: tag)
  }

  /// ON CONFLICT DO NOTHING is what the table's dedupe key does by itself; there is no other uniqueness.
  private func checkConflict(_ insert: Insert, _ bound: BoundInsert, _ table: WriteTarget) throws(ApusError) {
    guard let columns = bound.conflictColumns, !columns.isEmpty else { return }
    for column in columns where !table.schema.columns.contains(where: { $0.name == column }) {
      throw ApusError(.undefinedColumn, "column \"\(column)\" does not exist", position: insert.onConflict?.position)
    }
    if case .store(let own) = table, columns == [own.definition.options.dedupeKey] { return }
    throw ApusError(
      .invalidColumnReference,
      "there is no unique or exclusion constraint matching the ON CONFLICT specification",
      hint: "A table's dedupe_key is what makes its rows unique.", position: insert.onConflict?.position)
  }

  /// A table that takes rows: one of the store's, and not one of the system's.
  func target(_ table: any TableProvider) throws(ApusError) -> WriteTarget {
    if let backend = table as? BackendTable {
      try backend.server.require(.append, "writing to \"\(backend.schema.name)\"")
      return .backend(backend)
    }
    return .store(try writable(table))
  }

  /// One of the store's.
  func writable(_ table: any TableProvider) throws(ApusError) -> StoreTable {
    if table is BackendTable { throw ApusError.unsupported("this statement for tables of storage backends is") }
    guard let own = table as? StoreTable, own.schema.schema != "apus" else {
      throw ApusError(
        .insufficientPrivilege, "permission denied: \"\(table.schema.name)\" is a system relation",
        schema: table.schema.schema, table: table.schema.name)
    }
    return own
  }

  func execute(copy: Copy, _ body: StatementBody) throws(ApusError) -> Execution {
    switch copy.endpoint {
    case .client: break
    case .file:
      throw ApusError.unsupported(
        "COPY to or from a file on the server is", hint: "use COPY ... FROM STDIN, psql's \\copy, or apus import")
    case .program: throw ApusError.unsupported("COPY ... PROGRAM is")
    }
    if copy.filter != nil { throw ApusError.unsupported("COPY ... WHERE is") }
    let format = try CopyFormat(copy.options, isFrom: copy.isFrom)
    let snapshot = currentSnapshot()
    switch copy.source {
    case .table(let name):
      let bound = try Binder.bind(
        copy: name, columns: copy.columns, isFrom: copy.isFrom, catalog: catalog(snapshot))
      if copy.isFrom {
        try requireWritable("COPY FROM")
        let input = CopyInput(session: self, table: try target(bound.table), bound: bound, format: format)
        let outcome = input.outcome
        return Execution(tag: { "COPY \(outcome.stored)" }, copyInput: input)
      }
      return try copyTable(name, columns: bound.columns, format: format)
    case .statement(let id):
      guard case .select(let query) = body.parsed.arena[id] else {
        throw ApusError.unsupported("COPY of a statement other than SELECT is")
      }
      let bound = try Binder.bind(query: query, in: body.parsed, catalog: catalog(snapshot), parameterTypes: [])
      return try run(
        bound.plan, fields: bound.fields, parameters: [], snapshot: snapshot, verb: "COPY", copyOutput: format)
    }
  }

  private func copyTable(
    _ name: ApusSyntax.QualifiedName, columns: [TableColumn], format: CopyFormat
  ) throws(ApusError) -> Execution {
    let list = columns.map { quoteIdentifier($0.name) }.joined(separator: ", ")
    let source = name.parts.map { quoteIdentifier($0) }.joined(separator: ".")
    guard let parsed = try parse("SELECT \(list) FROM \(source)").first, case .select(let query) = parsed.root else {
      throw ApusError.unexpected("COPY of \(source) did not parse")
    }
    let snapshot = currentSnapshot()
    let bound = try Binder.bind(query: query, in: parsed, catalog: catalog(snapshot), parameterTypes: [])
    return try run(
      bound.plan, fields: bound.fields, parameters: [], snapshot: snapshot, verb: "COPY", copyOutput: format)
  }
}
