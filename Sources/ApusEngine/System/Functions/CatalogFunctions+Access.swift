// apus.create_key and apus.revoke_key, and the relation apus.keys. They take effect at once, whatever becomes of the
// transaction around them: a key that was shown works.

import ApusBase
import ApusColumns

extension CatalogFunctions {
  static let accessBodies: [String: Body] = [
    "apus.create_key": { (catalog, arguments) throws(ApusError) -> Value in
      try catalog.requireWritable("apus.create_key()")
      guard arguments.count >= 2, case .text(let name) = arguments[0], case .text(let kindName) = arguments[1] else {
        throw ApusError(.nullValueNotAllowed, "a key needs a name and a kind")
      }
      guard let kind = AccessKey.Kind(rawValue: kindName) else {
        throw ApusError(.invalidParameterValue, "the kind of a key is ingest or query, not \"\(kindName)\"")
      }
      var table: String?
      if arguments.count > 2, case .text(let name) = arguments[2] { table = name }
      var origins: [String] = []
      if arguments.count > 3, case .array(let values) = arguments[3] {
        for value in values {
          guard case .text(let origin) = value else {
            throw ApusError(.nullValueNotAllowed, "an origin cannot be null")
          }
          origins.append(origin)
        }
      }
      return .text(
        try catalog.snapshot.database.createKey(name: name, kind: kind, table: table, origins: origins))
    },
    "apus.revoke_key": { (catalog, arguments) throws(ApusError) -> Value in
      try catalog.requireWritable("apus.revoke_key()")
      let name = arguments[0].asText
      guard try catalog.snapshot.database.revokeKey(name) else {
        throw ApusError(.undefinedObject, "key \"\(name)\" does not exist")
      }
      return .text("")
    },
  ]

  private func requireWritable(_ what: String) throws(ApusError) {
    guard !context.isReadOnly else {
      throw ApusError(.readOnlyTransaction, "cannot execute \(what) in a read-only transaction")
    }
  }
}

enum AccessRelations {
  static let apusContents: [String: RelationContent] = [
    "keys": .live(.statement) { source throws(ApusError) in
      source.database.access.keys.map { key in
        [
          .text(key.name), .text(key.kind.rawValue), .optional(key.table), .texts(key.origins), .text(key.prefix),
          .int(key.createdAt),
        ]
      }
    }
  ]
}
