// apus.add_retention and its kin, TimescaleDB's spellings of them, and the relation apus.policies. They take effect at
// once, whatever becomes of the transaction around them.

import ApusBase
import ApusColumns
import ApusStore
import Synchronization

extension CatalogFunctions {
  static let retentionBodies: [String: Body] = [
    "apus.add_retention": { (catalog, arguments) throws(ApusError) -> Value in
      try catalog.addRetention(arguments, "apus.add_retention()")
      return .text("")
    },
    "apus.remove_retention": { (catalog, arguments) throws(ApusError) -> Value in
      try catalog.removeRetention(arguments, "apus.remove_retention()", ifExists: false)
      return .text("")
    },
    "apus.add_property_retention": { (catalog, arguments) throws(ApusError) -> Value in
      let what = "apus.add_property_retention()"
      let table = try catalog.managedTable(arguments, what, option: "properties.drop")
      try catalog.snapshot.database.setRetention(
        try duration(arguments, 2, what), property: try path(arguments, what), in: column(arguments, 3), of: table)
      return .text("")
    },
    "apus.remove_property_retention": { (catalog, arguments) throws(ApusError) -> Value in
      let what = "apus.remove_property_retention()"
      let table = try catalog.managedTable(arguments, what, option: "properties.drop")
      let path = try path(arguments, what)
      guard
        try catalog.snapshot.database.setRetention(nil, property: path, in: column(arguments, 2), of: table)
      else {
        throw ApusError(.undefinedObject, "there is no retention of property \"\(path.joined(separator: "."))\"")
      }
      return .text("")
    },
    // TimescaleDB's: the number of the job is the table's.
    "add_retention_policy": { (catalog, arguments) throws(ApusError) -> Value in
      let what = "add_retention_policy()"
      let seconds = try duration(arguments, 1, what)
      let rollup = try catalog.managedRollup(arguments, what)
      let table =
        if let rollup, let kept = try catalog.snapshot.rollup(rollup)?.kept {
          kept.definition.id
        } else {
          try catalog.managedTable(arguments, what, option: "retention")
        }
      if let known = catalog.snapshot.store.table(table)?.definition.options.retentionSeconds {
        guard arguments.count > 2, arguments[2].asBool else {
          throw ApusError(
            .duplicateObject,
            "retention policy already exists for \"\(catalog.name(of: arguments[0].asOID, as: .regclass) ?? "")\"",
            hint: "Set another with ALTER TABLE ... SET (retention = '...').")
        }
        let severity: Notice.Severity = known == seconds ? .notice : .warning
        catalog.context.noticeRequests.add(Notice(severity, "retention policy already exists, skipping"))
        return .int(-1)
      }
      if let rollup {
        try catalog.snapshot.database.setRetention(seconds, ofRollup: rollup)
      } else {
        try catalog.snapshot.database.setRetention(seconds, given: FixedDuration.text(seconds), of: table)
      }
      return .int(Int64(table.value))
    },
    "remove_retention_policy": { (catalog, arguments) throws(ApusError) -> Value in
      let ifExists = arguments.count > 1 && arguments[1].asBool
      try catalog.removeRetention([arguments[0]], "remove_retention_policy()", ifExists: ifExists)
      return .text("")
    },
  ]

  /// The rollup of the first argument, whose retention the caller is about to change; nil when it is none.
  private func managedRollup(_ arguments: [Value], _ what: String) throws(ApusError) -> RelationName? {
    guard let oid = arguments.first?.asOID, oid != 0 else { return nil }
    let found = snapshot.rollupNames.first { CatalogOIDs.view(schema: $0.schema, name: $0.name) == oid }
    guard let found else { return nil }
    if context.isReadOnly {
      throw ApusError(.readOnlyTransaction, "cannot execute \(what) in a read-only transaction")
    }
    if !context.isConfiguring,
      let warning = snapshot.store.ownershipWarning(schema: found.schema, name: found.name, option: "retention")
    {
      context.noticeRequests.add(warning)
    }
    return found
  }

  private func addRetention(_ arguments: [Value], _ what: String) throws(ApusError) {
    let filter = Self.filter(arguments, 2)
    if let rollup = try managedRollup(arguments, what) {
      guard filter == nil else { throw ApusError.unsupported("retention of a rollup by a condition is") }
      return try snapshot.database.setRetention(try Self.duration(arguments, 1, what), ofRollup: rollup)
    }
    let table = try managedTable(arguments, what, option: "retention")
    let seconds = try Self.duration(arguments, 1, what)
    if let filter {
      try snapshot.database.setRetention(seconds, filter: filter, of: table)
    } else {
      try snapshot.database.setRetention(seconds, given: FixedDuration.text(seconds), of: table)
    }
  }

  private func removeRetention(_ arguments: [Value], _ what: String, ifExists: Bool) throws(ApusError) {
    var isFound = false
    if let rollup = try managedRollup(arguments, what) {
      guard Self.filter(arguments, 1) == nil else {
        throw ApusError.unsupported("retention of a rollup by a condition is")
      }
      isFound = try snapshot.rollup(rollup)?.kept.definition.options.retentionSeconds != nil
      if isFound { try snapshot.database.setRetention(nil, ofRollup: rollup) }
      return try require(isFound, ifExists)
    }
    let table = try managedTable(arguments, what, option: "retention")
    if let filter = Self.filter(arguments, 1) {
      isFound = try snapshot.database.setRetention(nil, filter: filter, of: table)
    } else {
      isFound = snapshot.store.table(table)?.definition.options.retentionSeconds != nil
      if isFound { try snapshot.database.setRetention(nil, given: nil, of: table) }
    }
    try require(isFound, ifExists)
  }

  private func require(_ isFound: Bool, _ ifExists: Bool) throws(ApusError) {
    if isFound { return }
    guard ifExists else { throw ApusError(.undefinedObject, "there is no such retention policy") }
    context.noticeRequests.add(Notice(.notice, "retention policy not found, skipping"))
  }

  /// The table of the first argument, which the caller is about to change; warns where a file manages that.
  private func managedTable(_ arguments: [Value], _ what: String, option: String) throws(ApusError) -> TableID {
    guard arguments.first != .null else { throw ApusError(.nullValueNotAllowed, "\(what) needs a table") }
    let table = try ownTable(arguments[0], what)
    if !context.isConfiguring, let definition = snapshot.store.table(table)?.definition,
      let warning = snapshot.store.ownershipWarning(schema: definition.schema, name: definition.name, option: option)
    {
      context.noticeRequests.add(warning)
    }
    return table
  }

  private static func filter(_ arguments: [Value], _ place: Int) -> String? {
    guard arguments.count > place, case .text(let text) = arguments[place] else { return nil }
    return text
  }

  private static func column(_ arguments: [Value], _ place: Int) -> String {
    filter(arguments, place) ?? "properties"
  }

  private static func path(_ arguments: [Value], _ what: String) throws(ApusError) -> [String] {
    guard let text = filter(arguments, 1) else { throw ApusError(.nullValueNotAllowed, "\(what) needs a property") }
    return text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private static func duration(_ arguments: [Value], _ place: Int, _ what: String) throws(ApusError) -> Int64 {
    guard arguments.count > place, case .interval(let interval) = arguments[place] else {
      throw ApusError(.nullValueNotAllowed, "\(what) needs an age")
    }
    return try FixedDuration.seconds(of: interval, what: what)
  }
}

/// Notes for the client from functions, on whatever thread they run; the session takes them when the statement ends.
final class NoticeRequests: Sendable {
  private let notices = Mutex<[Notice]>([])

  func add(_ notice: Notice) { notices.withLock { $0.append(notice) } }

  func take() -> [Notice] {
    notices.withLock { notices in
      defer { notices = [] }
      return notices
    }
  }
}

enum PolicyRelations {
  static let apusContents: [String: RelationContent] = [
    "policies": .live(.statement) { source throws(ApusError) in
      let store = source.database.store
      let isPaused = store.isRetentionPaused
      var rollups: [TableID: RelationName] = [:]
      for rollup in try source.snapshot.rollups() { rollups[rollup.kept.definition.id] = rollup.place }
      return store.policies().map { policy in
        let table = policy.definition
        let place = rollups[table.id] ?? RelationName(schema: table.schema, name: table.name)
        let isManaged = source.snapshot.store.manager(schema: place.schema, name: place.name) != nil
        let state =
          isPaused
          ? "paused" : table.options.isRetentionHeld == true ? "held" : policy.error != nil ? "failed" : "active"
        let days = Int32(clamping: policy.seconds / 86_400)
        return [
          .text(place.schema), .text(place.name), .text(policy.kind.rawValue),
          .interval(Interval(months: 0, days: days, microseconds: policy.seconds % 86_400 * 1_000_000)),
          .optional(policy.filter), .optional(policy.column),
          .optional(policy.path.map { $0.joined(separator: ".") }), .text(isManaged ? "file" : "sql"), .text(state),
          .optional(policy.lastRun.map { $0 &- postgresEpochUnixMicroseconds }), .int(Int64(policy.rows)),
          .optional(policy.error),
        ]
      }
    }
  ]
}
