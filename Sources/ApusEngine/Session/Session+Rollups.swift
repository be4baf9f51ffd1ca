// CREATE MATERIALIZED VIEW ... WITH (rollup), and the statements that change, fill and drop rollups.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusStore
import ApusSyntax

/// The options of a rollup as WITH (...) gives them.
struct RollupOptions {
  static let known = ["rollup", "retention", "replace"]

  var isRollup = false
  var replaces = false
  var retentionSeconds: Int64?
  /// As written, for display.
  var given: [String: String] = [:]

  init(_ options: [StatementOption]) throws(ApusError) {
    for option in options {
      switch option.qualifiedName {
      case "rollup", "timescaledb.continuous": isRollup = try Self.flag(option)
      case "replace": replaces = try Self.flag(option)
      case "retention":
        retentionSeconds = try TableOptionReader.seconds(option.text, option)
        given["retention"] = option.text
      // Rollups are always current: what the option asks for is so.
      case "timescaledb.materialized_only":
        if try Self.flag(option) {
          throw ApusError.unsupported("a rollup that lags behind its table is", position: option.position)
        }
      default:
        throw ApusError(
          .invalidParameterValue, "unrecognized parameter \"\(option.qualifiedName)\"",
          hint: TableOptionReader.hint(of: Self.known, nearest: option.qualifiedName), position: option.position)
      }
    }
  }

  private static func flag(_ option: StatementOption) throws(ApusError) -> Bool {
    guard let flag = option.boolean else {
      throw ApusError(
        .invalidParameterValue, "\(option.name) requires a Boolean value", position: option.position)
    }
    return flag
  }
}

extension Session {
  // MARK: - CREATE MATERIALIZED VIEW

  func execute(rollup create: CreateTableAs, _ body: StatementBody) throws(ApusError) -> Execution {
    let what = "CREATE MATERIALIZED VIEW"
    let options = try RollupOptions(create.options)
    guard options.isRollup else {
      throw ApusError.unsupported(
        "a materialized view that is not a rollup is", hint: "say WITH (rollup), or make a table: CREATE TABLE ... AS")
    }
    try requireNoBlock(what)
    if create.tablespace != nil { throw ApusError.unsupported("tablespaces are") }
    if let method = create.accessMethod, method != "columnar" {
      throw ApusError.unsupported("a rollup on storage backend \"\(method)\" is")
    }
    if create.queryText.isEmpty { throw ApusError.unsupported("this kind of WITH in a rollup is") }
    if body.parsed.parameterCount > 0 { throw ApusError(.undefinedParameter, "there is no parameter $1") }
    let place = RelationName(schema: try creationSchema(create.name.schema), name: create.name.name)
    let snapshot = database.snapshot()
    let existing = try snapshot.rollup(place)
    if existing == nil || !options.replaces, try relationExists(place.schema, place.name, snapshot) {
      guard create.ifNotExists else {
        throw ApusError(
          .duplicateTable, "relation \"\(place.name)\" already exists", position: create.name.position)
      }
      notice(Notice(.notice, "relation \"\(place.name)\" already exists, skipping", state: .duplicateTable))
      return Execution(command: what)
    }
    if existing != nil, !isConfiguring,
      let warning = snapshot.store.ownershipWarning(schema: place.schema, name: place.name, option: "definition")
    {
      notice(warning)
    }
    let made = try defined(create, place, options, replacing: existing, snapshot)
    try install(made, replacing: existing)
    if create.withNoData { return Execution(command: what) }
    do throws(ApusError) {
      try fill(place)
    } catch {
      // Nothing of it stays, as of any statement that fails. What it replaced is gone with its first step.
      if existing == nil { try? drop([place]) }
      throw error
    }
    return Execution(command: what)
  }

  /// A rollup about to be made.
  private struct NewRollup {
    var place: RelationName
    var stored: StoredRollup
    var partials: TableDefinition
  }

  private func defined(
    _ create: CreateTableAs, _ place: RelationName, _ options: RollupOptions, replacing old: StoreRollup?,
    _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> NewRollup {
    var (source, definition) = try snapshot.extract(create.queryText, searchPath: searchPath)
    var finer: RelationName?
    if let relation = source as? RollupRelation, let rollup = relation.rollup as? StoreRollup {
      if rollup.place == place {
        throw ApusError(SQLState("42P17"), "rollup \"\(place.name)\" would read itself")
      }
      finer = rollup.place
      source = StoreTable(rollup.base)
    }
    guard let table = source as? StoreTable else {
      throw ApusError(
        .wrongObjectType, "a rollup is made of a table's rows, and \"\(source.schema.name)\" is none of its own")
    }
    try rename(&definition, create.columns)
    if let old { try check(definition, replaces: old, snapshot) }
    guard let time = table.definition.timeColumn, definition.timeColumn?.column == time.id else {
      throw ApusError(
        SQLState("42P17"),
        "the bucket of a rollup must be of the time column of table \"\(table.definition.name)\"",
        detail: table.definition.timeColumn.map { "Its time column is \"\($0.name)\"." } ?? "It has none.",
        hint: "group by time_bucket('1 hour', \(table.definition.timeColumn?.name ?? "time"))")
    }
    for output in definition.outputs where !Self.isKept(output.field.type) {
      throw ApusError.unsupported("columns of type \(output.field.type.sqlName) in a rollup are")
    }
    let version = (old?.stored.version ?? 0) + 1
    let stored = StoredRollup(
      version: version, query: create.queryText, searchPath: searchPath, base: table.definition.id.value,
      partials: StoredRollup.partialsName(place, version: version), finer: finer, options: options.given,
      columns: ViewDefinition(query: "", fields: definition.outputs.map(\.field)).columns)
    return NewRollup(
      place: place, stored: stored,
      partials: partials(of: definition, named: stored.partials, over: table.definition, options))
  }

  /// What reads a rollup must mean the same once another definition is in its place: rollups over it, whose partials
  /// stay, and views, whose texts may say `*`.
  private func check(
    _ definition: RollupDefinition, replaces old: StoreRollup, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) {
    let new = try StoreRollup(old.place, old.stored, old.state, definition, in: snapshot.store)
    var readers: [String] = []
    for name in try rollupsReading([old.place]) {
      guard let rollup = try snapshot.rollup(name), rollup.stored.finer == old.place else { continue }
      let catalog = RollupCatalog(snapshot: snapshot, searchPath: rollup.stored.searchPath, replacing: new)
      let changed = try? snapshot.extract(rollup.stored.query, in: catalog).definition
      if changed.map({ $0.isSame(as: rollup.definition) }) != true { readers.append("materialized view \(name.name)") }
    }
    readers += try viewsChanging(with: new, snapshot).map { "view \($0.name)" }
    if readers.isEmpty { return }
    throw ApusError(
      .dependentObjectsStillExist,
      "cannot replace materialized view \(old.place.name) because other objects would change with it",
      detail: readers.map { "\($0) depends on materialized view \(old.place.name)" }.joined(separator: "\n"),
      hint: "Drop them first, and make them anew afterwards.")
  }

  /// What `CREATE MATERIALIZED VIEW name (columns)` calls the first columns.
  private func rename(_ definition: inout RollupDefinition, _ names: [String]) throws(ApusError) {
    if names.isEmpty { return }
    throw ApusError.unsupported("a list of column names for a rollup is", hint: "name the columns of the query with AS")
  }

  private static func isKept(_ type: DataType) -> Bool { type == .aggregateState || isStorable(type) }

  /// The table of a rollup's partials, with the columns that `RollupDefinition` says.
  private func partials(
    of definition: RollupDefinition, named name: String, over base: TableDefinition, _ options: RollupOptions
  ) -> TableDefinition {
    var columns = [ApusStore.ColumnDefinition(name: "set", type: TypeReference(.int2))]
    var groupings: [String] = []
    for (index, grouping) in definition.groupings.enumerated() {
      groupings.append("key_\(index + 1)")
      columns.append(ApusStore.ColumnDefinition(name: groupings[index], type: TypeReference(grouping.type)))
    }
    for (index, measure) in definition.measures.enumerated() {
      columns.append(
        ApusStore.ColumnDefinition(name: "state_\(index + 1)", type: TypeReference(measure.stored.type)))
    }
    let bucket = groupings.remove(at: definition.bucket)
    var stored = TableOptions(
      timeColumn: bucket, partitionSeconds: base.options.partitionSeconds, orderBy: ["set", bucket] + groupings,
      acceptFutureSeconds: nil, retentionSeconds: options.retentionSeconds, given: options.given)
    stored.derivedFrom = base.id.value
    return TableDefinition(schema: "", name: name, columns: columns, options: stored)
  }

  /// Makes the rollup, with every partition of its table stale: from here on it answers, and flushes add to it.
  private func install(_ rollup: NewRollup, replacing old: StoreRollup?) throws(ApusError) {
    let base = rollup.stored.baseTable
    _ = try database.store.apply { (current) throws(ApusError) -> [CatalogChange] in
      guard let table = current.table(base) else {
        throw ApusError(.undefinedTable, "table \(base) was dropped meanwhile")
      }
      let isThere = current.object(kind: StoredRollup.kind, schema: rollup.place.schema, name: rollup.place.name) != nil
      guard isThere == (old != nil) else {
        throw ApusError(.duplicateTable, "relation \"\(rollup.place.name)\" was made or dropped meanwhile")
      }
      var state = RollupState()
      state.stale = Set(table.segments.map(\.record.partition.value))
      var changes: [CatalogChange] = [
        .putObject(try rollup.stored.object(rollup.place)), try state.change(rollup.place),
        .createTable(rollup.partials),
      ]
      if let old { changes += try retiring(old, current) }
      return changes
    }
  }

  /// A replaced rollup goes, but for what it alone knows: partials of rows that are gone stay under `NAME_vVERSION`.
  private func retiring(_ old: StoreRollup, _ current: Snapshot) throws(ApusError) -> [CatalogChange] {
    guard let end = old.historyEnd else { return [.dropTable(old.kept.definition.id)] }
    let place = RelationName(schema: old.place.schema, name: "\(old.place.name)_v\(old.stored.version)")
    guard try !relationExists(place.schema, place.name, database.snapshot()) else {
      throw ApusError(
        .duplicateTable, "relation \"\(place.name)\" already exists",
        detail: "The history of the replaced definition is kept under that name.")
    }
    var stored = old.stored
    stored.endsBefore = end.value
    notice(
      Notice(.notice, "history of rollup \"\(old.place.name)\" stays readable as \"\(place.name)\""))
    return [.putObject(try stored.object(place))]
  }

  /// Derives what is stale, so that CREATE and REFRESH return when it is done.
  private func fill(_ place: RelationName) throws(ApusError) {
    let timeout = UInt64(clamping: settings.integer("statement_timeout"))
    let query = QueryControl(deadline: timeout == 0 ? nil : monotonicNanoseconds() + timeout * 1_000_000)
    control.begin(query)
    defer { control.end() }
    try database.deriveStale(place, control: query)
  }

  // MARK: - REFRESH, ALTER and DROP

  func execute(refresh: RefreshMaterializedView) throws(ApusError) -> Execution {
    let what = "REFRESH MATERIALIZED VIEW"
    try requireNoBlock(what)
    let place = try rollup(named: refresh.name.parts, ifExists: false)
    if let place, !refresh.withNoData {
      _ = try database.markStale(place, from: nil, to: nil)
      try fill(place)
    }
    return Execution(command: what)
  }

  func execute(alterRollup alter: AlterTable) throws(ApusError) -> Execution {
    let what = "ALTER MATERIALIZED VIEW"
    try requireNoBlock(what)
    guard let place = try rollup(named: alter.name.parts, ifExists: alter.ifExists),
      let rollup = try database.snapshot().rollup(place)
    else { return Execution(command: what) }
    if !isConfiguring,
      let warning = database.snapshot().store.ownershipWarning(
        schema: place.schema, name: place.name, option: "retention")
    {
      notice(warning)
    }
    var stored = rollup.stored
    var table = rollup.kept.definition
    for command in alter.commands {
      switch command {
      case .setOptions(let given):
        let options = try RollupOptions(given)
        for option in given where option.name != "retention" {
          throw ApusError.unsupported("SET (\(option.qualifiedName)) of a rollup that exists is")
        }
        table.options.retentionSeconds = options.retentionSeconds
        stored.options["retention"] = options.given["retention"]
      case .resetOptions(let given):
        for option in given where option.name != "retention" {
          throw ApusError.unsupported("RESET (\(option.qualifiedName)) of a rollup that exists is")
        }
        table.options.retentionSeconds = nil
        stored.options["retention"] = nil
      default: throw ApusError.unsupported("ALTER MATERIALIZED VIEW other than SET and RESET of options is")
      }
    }
    table.options.isRetentionHeld = nil
    table.options.given = stored.options
    _ = try database.store.apply([.putObject(try stored.object(place)), .alterTable(table)])
    return Execution(command: what)
  }

  func execute(dropRollups drop: Drop) throws(ApusError) -> Execution {
    try requireNoBlock("DROP MATERIALIZED VIEW")
    var names: [RelationName] = []
    for name in drop.names {
      if let found = try rollup(named: name, ifExists: drop.ifExists) { names.append(found) }
    }
    let rollups = try rollupsReading(names)
    if !drop.cascade, let first = names.first, let other = rollups.first {
      throw dependency(of: [other], on: "materialized view \(first.name)")
    }
    let views = try dependents(on: names + rollups, cascade: drop.cascade, kind: "materialized view")
    _ = try database.store.apply(
      views.map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) }
        + (try dropping(names + rollups)))
    return Execution(command: "DROP MATERIALIZED VIEW")
  }

  private func drop(_ names: [RelationName]) throws(ApusError) { _ = try database.store.apply(try dropping(names)) }

  /// What drops rollups with their partials.
  func dropping(_ names: [RelationName]) throws(ApusError) -> [CatalogChange] {
    let snapshot = database.snapshot()
    var changes: [CatalogChange] = []
    for name in Set(names) {
      guard let object = snapshot.store.object(kind: StoredRollup.kind, schema: name.schema, name: name.name) else {
        continue
      }
      changes.append(.removeObject(kind: StoredRollup.kind, schema: name.schema, name: name.name))
      changes.append(.removeObject(kind: RollupState.kind, schema: name.schema, name: name.name))
      changes += forgetManager(schema: name.schema, name: name.name)
      if let table = snapshot.store.derivedTable(named: try StoredRollup.read(object).partials) {
        changes.append(.dropTable(table.definition.id))
      }
    }
    return changes
  }

  /// The rollups, of all that are, whose queries read these, directly or through others.
  func rollupsReading(_ names: [RelationName]) throws(ApusError) -> [RelationName] {
    let all = try storedRollups()
    var found: [RelationName] = []
    var grows = true
    while grows {
      grows = false
      for (name, stored) in all where !found.contains(name) && !names.contains(name) {
        guard let finer = stored.finer, names.contains(finer) || found.contains(finer) else { continue }
        found.append(name)
        grows = true
      }
    }
    return found
  }

  /// The rollups of tables: refused with 2BP01 unless `cascade`.
  func rollups(over tables: [TableDefinition], cascade: Bool) throws(ApusError) -> [RelationName] {
    let found = try storedRollups().filter { rollup in tables.contains { $0.id == rollup.stored.baseTable } }
    if !cascade, let first = found.first, let table = tables.first(where: { $0.id == first.stored.baseTable }) {
      throw dependency(of: found.map(\.name), on: "table \(table.name)")
    }
    return found.map(\.name)
  }

  private func storedRollups() throws(ApusError) -> [(name: RelationName, stored: StoredRollup)] {
    var all: [(name: RelationName, stored: StoredRollup)] = []
    for object in database.snapshot().store.objects where object.kind == StoredRollup.kind {
      all.append((RelationName(schema: object.schema, name: object.name), try StoredRollup.read(object)))
    }
    return all
  }

  private func dependency(of names: [RelationName], on what: String) -> ApusError {
    ApusError(
      .dependentObjectsStillExist, "cannot drop \(what) because other objects depend on it",
      detail: names.map { "materialized view \($0.name) depends on \(what)" }.joined(separator: "\n"),
      hint: "Use DROP ... CASCADE to drop the dependent objects too.")
  }

  /// 42809 where a statement on another kind of object names a rollup.
  func refuseRollup(
    _ schema: String, _ name: String, _ snapshot: DatabaseSnapshot, as kind: String
  ) throws(ApusError) {
    guard snapshot.store.object(kind: StoredRollup.kind, schema: schema, name: name) != nil else { return }
    throw ApusError(
      .wrongObjectType, "\"\(name)\" is not a \(kind)",
      hint: "Use DROP MATERIALIZED VIEW to remove a materialized view.")
  }

  /// A rollup by its name, along search_path.
  func rollup(named name: [String], ifExists: Bool) throws(ApusError) -> RelationName? {
    let snapshot = database.snapshot()
    let plain = name.last ?? ""
    for schema in name.count > 1 ? [name[name.count - 2]] : searchPath {
      if snapshot.store.object(kind: StoredRollup.kind, schema: schema, name: plain) != nil {
        return RelationName(schema: schema, name: plain)
      }
      if try relationExists(schema, plain, snapshot) {
        throw ApusError(.wrongObjectType, "\"\(plain)\" is not a materialized view")
      }
    }
    let shown = name.joined(separator: ".")
    guard ifExists else { throw ApusError(.undefinedTable, "materialized view \"\(shown)\" does not exist") }
    notice(Notice(.notice, "materialized view \"\(shown)\" does not exist, skipping"))
    return nil
  }
}
