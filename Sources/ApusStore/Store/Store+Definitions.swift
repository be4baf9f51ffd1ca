// The way of definitions: checked, committed in the catalog, published.

public import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

extension Store {
  /// Makes a table; the store gives it and its columns their ids. Throws 42P07 when the name is taken.
  @discardableResult
  public func createTable(_ definition: TableDefinition) throws(ApusError) -> TableDefinition {
    let made = try apply([.createTable(definition)])
    guard let table = made.first else { throw ApusError.unexpected("no table was made") }
    return table
  }

  /// Drops a table with its rows. Readers that hold a snapshot keep them.
  public func dropTable(_ id: TableID) throws(ApusError) { try apply([.dropTable(id)]) }

  /// Changes a table: names, defaults, options, new columns (id 0), dropped ones (`isDropped`). Types stay.
  @discardableResult
  public func alterTable(_ definition: TableDefinition) throws(ApusError) -> TableDefinition {
    let changed = try apply([.alterTable(definition)])
    guard let table = changed.first else { throw ApusError.unexpected("no table was changed") }
    return table
  }

  /// Commits changes of definitions together: all of them durable and visible, or none. Returns the tables made or
  /// changed, with their ids, in order.
  @discardableResult
  public func apply(_ changes: [CatalogChange]) throws(ApusError) -> [TableDefinition] {
    try apply { (_) throws(ApusError) in changes }
  }

  /// The same for changes that depend on the state that they apply to: nothing is flushed, deleted or defined between
  /// the call of `make` and their commit.
  @discardableResult
  public func apply(
    _ make: (Snapshot) throws(ApusError) -> [CatalogChange]
  ) throws(ApusError) -> [TableDefinition] {
    try maintenance.withLock { (_) throws(ApusError) in
      if let failure { throw failure }
      let changes = try make(snapshot())
      if changes.isEmpty { return [] }
      var plan = DefinitionPlan(current: snapshot(), store: self)
      for change in changes { try plan.add(change) }
      let planned = plan
      let (nextTable, nextSegment, lastLSN) = core.withLock { ($0.nextTable, $0.nextSegment, $0.lastLSN) }
      try catalog.commit(
        planned.changes.map { .definition($0) }, nextTable: nextTable, nextSegment: nextSegment, lastLSN: lastLSN)
      core.update { core in
        var touched: Set<TableID> = []
        carryOut(planned, &core, &touched)
        publish(&core, changed: touched)
      }
      for change in planned.changes { try keepKeys(change, planned.current) }
      return planned.tables
    }
  }

  /// Brings the state up to committed definitions.
  func carryOut(_ planned: DefinitionPlan, _ core: inout Core, _ touched: inout Set<TableID>) {
    guard !planned.changes.isEmpty else { return }
    core.catalogVersion += 1
    for change in planned.changes { carryOut(change, &core, &touched) }
    core.names = [:]
    for state in core.tables.values where !state.definition.isDerived {
      core.names[QualifiedName(schema: state.definition.schema, name: state.definition.name)] = state.definition.id
    }
  }

  /// An id for a table that is to be made: given once, whether the table is then made or not.
  func reserveTable() -> TableID {
    core.update { core in
      defer { core.nextTable = TableID(core.nextTable.value + 1) }
      return core.nextTable
    }
  }

  func carryOut(_ change: CatalogChange, _ core: inout Core, _ touched: inout Set<TableID>) {
    switch change {
    case .createTable(let table):
      core.tables[table.id] = TableState(definition: table, entities: dictionary(for: table))
      touched.insert(table.id)
    case .alterTable(let table):
      // Memtables have the columns of their time; those of new rows begin anew.
      for part in core.tables[table.id]?.openParts ?? [] { seal(part, &core) }
      core.tables[table.id]?.definition = table
      touched.insert(table.id)
    case .dropTable(let id):
      guard let state = core.tables.removeValue(forKey: id) else { return }
      for part in state.sealed + state.openParts { core.memtableBytes -= part.bytes }
      core.sealed.removeAll { $0.definition.id == id }
      state.entities?.remove()
      dictionaries.withLock { $0[id] = nil }
      for handle in state.segments + state.dropped.map(\.segment) { handle.drop() }
      touched.insert(id)
    case .putObject(let object):
      core.objects.removeAll { $0.kind == object.kind && $0.schema == object.schema && $0.name == object.name }
      core.objects.append(object)
    case .removeObject(let kind, let schema, let name):
      core.objects.removeAll { $0.kind == kind && $0.schema == schema && $0.name == name }
    case .putSetting(let name, let value): core.settings[name] = value
    }
  }

  /// Makes, replaces or forgets the dedupe index of a table.
  func keepKeys(_ change: CatalogChange, _ before: Snapshot) throws(ApusError) {
    switch change {
    case .createTable(let table):
      guard let key = table.dedupeKeyColumn else { return }
      pipeline.withLock { $0.dedupe[table.id] = DedupeBox(column: key.id) }
    case .alterTable(let table):
      let old = before.table(table.id)?.definition.dedupeKeyColumn?.id
      guard let key = table.dedupeKeyColumn?.id, key != old else {
        if table.dedupeKeyColumn == nil { pipeline.withLock { $0.dedupe[table.id] = nil } }
        return
      }
      // Rows from before are known by their keys too.
      let box = DedupeBox(column: key)
      if let rows = snapshot().table(table.id) {
        let minute = Self.minute(options.clock.now())
        for group in rows.rowGroups { try Self.note(group, key, table, minute: minute, hasher, in: box) }
      }
      pipeline.withLock { $0.dedupe[table.id] = box }
    case .dropTable(let id):
      pipeline.withLock { pipeline in
        pipeline.dedupe[id] = nil
        pipeline.counters[id] = nil
      }
    default: break
    }
  }
}

/// Changes being checked against the state they will apply to.
struct DefinitionPlan: Sendable {
  let current: Snapshot
  let store: Store
  var changes: [CatalogChange] = []
  var tables: [TableDefinition] = []
  private var names: [QualifiedName: TableID]
  /// Tables as the changes so far leave them: nil for those that they drop.
  private var changed: [TableID: TableDefinition?] = [:]

  init(current: Snapshot, store: Store) {
    self.current = current
    self.store = store
    names = current.names
  }

  /// The table as the changes so far leave it.
  func table(_ id: TableID) -> TableDefinition? { changed[id] ?? current.table(id)?.definition }

  mutating func add(_ change: CatalogChange) throws(ApusError) {
    switch change {
    case .createTable(var table):
      try claim(table)
      // A transaction has given it its id before.
      if table.id.value == 0 || self.table(table.id) != nil { table.id = store.reserveTable() }
      for index in table.columns.indices { table.columns[index].id = ColumnID(UInt32(index + 1)) }
      try check(table)
      if !table.isDerived { names[QualifiedName(schema: table.schema, name: table.name)] = table.id }
      changed[table.id] = .some(table)
      tables.append(table)
      changes.append(.createTable(table))
    case .alterTable(var table):
      guard let old = self.table(table.id) else { throw missing(table.id) }
      if old.schema != table.schema || old.name != table.name {
        try claim(table)
        names[QualifiedName(schema: old.schema, name: old.name)] = nil
        names[QualifiedName(schema: table.schema, name: table.name)] = table.id
      }
      try number(&table, old)
      try check(table)
      try checkAgainst(old, table)
      changed[table.id] = .some(table)
      tables.append(table)
      changes.append(.alterTable(table))
    case .dropTable(let id):
      guard let old = self.table(id) else { throw missing(id) }
      guard id >= TableDefinition.firstUserTable else {
        throw ApusError(.insufficientPrivilege, "table \"\(old.qualifiedName)\" is a system table")
      }
      names[QualifiedName(schema: old.schema, name: old.name)] = nil
      changed[id] = .some(nil)
      changes.append(change)
    default: changes.append(change)
    }
  }

  private func missing(_ id: TableID) -> ApusError { ApusError(.undefinedTable, "table \(id) does not exist") }

  private func claim(_ table: TableDefinition) throws(ApusError) {
    guard table.isDerived || names[QualifiedName(schema: table.schema, name: table.name)] == nil else {
      throw ApusError(
        .duplicateTable, "relation \"\(table.name)\" already exists", schema: table.schema, table: table.name)
    }
  }

  /// Gives new columns their ids. No id is used twice, so dropped columns must still be there.
  private func number(_ table: inout TableDefinition, _ old: TableDefinition) throws(ApusError) {
    let kept = Set(table.columns.map(\.id))
    guard old.columns.allSatisfy({ kept.contains($0.id) }) else {
      throw ApusError.unexpected("a column of table \"\(old.name)\" was left out instead of dropped")
    }
    var next = (old.columns.map(\.id.value).max() ?? 0) + 1
    for index in table.columns.indices {
      let column = table.columns[index]
      if column.id.value == 0 {
        table.columns[index].id = ColumnID(next)
        next += 1
      } else if let before = old.column(column.id), before.type != column.type {
        throw ApusError.unsupported("changing the type of column \"\(column.name)\" is")
      }
    }
  }

  private func check(_ table: TableDefinition) throws(ApusError) {
    guard table.columns.count <= Limits.columnsPerTableMax else {
      throw ApusError(.tooManyColumns, "tables can have at most \(Limits.columnsPerTableMax) columns")
    }
    var seen: Set<String> = []
    for column in table.liveColumns where !seen.insert(column.name).inserted {
      throw ApusError(.duplicateColumn, "column \"\(column.name)\" specified more than once", table: table.name)
    }
    func column(_ name: String, _ option: String) throws(ApusError) -> ColumnDefinition {
      guard let column = table.column(named: name) else {
        throw ApusError(
          .undefinedColumn, "column \"\(name)\" named in option \"\(option)\" does not exist", table: table.name)
      }
      guard column.generatedExpression == nil else {
        throw ApusError(.invalidTableDefinition, "option \"\(option)\" cannot name the generated column \"\(name)\"")
      }
      return column
    }
    if let name = table.options.timeColumn {
      let type = try column(name, "time_column").type.type
      guard type == .timestamptz || type == .timestamp else {
        throw ApusError(.invalidTableDefinition, "time column \"\(name)\" must be a timestamp, not \(type.sqlName)")
      }
      guard table.partitionMicroseconds > 0 else {
        throw ApusError(.invalidParameterValue, "option \"partition\" must be a positive interval")
      }
    }
    if table.options.hasRetention, table.options.timeColumn == nil {
      throw ApusError(.invalidTableDefinition, "option \"retention\" needs a time column", table: table.name)
    }
    if let name = table.options.dedupeKey {
      let type = try column(name, "dedupe_key").type.type
      guard KeyHasher.accepts(type) else {
        throw ApusError(.invalidTableDefinition, "type \(type.sqlName) of column \"\(name)\" cannot be a dedupe key")
      }
    }
    for name in table.options.orderBy ?? [] { _ = try column(name, "order_by") }
    for name in table.options.entity ?? [] {
      guard let named = table.column(named: name) else {
        throw ApusError(
          .undefinedColumn, "column \"\(name)\" named in option \"entity\" does not exist", table: table.name)
      }
      guard TableDefinition.mayBeEntity(named.type.type) else {
        throw ApusError(
          .invalidTableDefinition, "entity column \"\(name)\" must be text, not \(named.type.type.sqlName)")
      }
    }
  }

  private func checkAgainst(_ old: TableDefinition, _ table: TableDefinition) throws(ApusError) {
    // Rows from before would have no ids.
    let entities = table.entityColumns.map(\.id)
    guard entities == old.entityColumns.map(\.id).filter({ table.column($0)?.isDropped == false }) else {
      throw ApusError.unsupported(
        "changing the entity columns of table \"\(table.name)\" is",
        hint: "they are named when the table is made: WITH (entity = '...')")
    }
    let partitioning =
      old.timeColumn?.id != table.timeColumn?.id || old.partitionMicroseconds != table.partitionMicroseconds
    if partitioning, current.table(table.id)?.rowCount ?? 0 > 0 {
      throw ApusError.unsupported("changing the partitioning of table \"\(table.name)\", which has rows, is")
    }
  }
}
