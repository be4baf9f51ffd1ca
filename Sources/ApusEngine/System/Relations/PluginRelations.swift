// PluginRelations owns what the catalogs tell of extensions, servers and the tables in them.

import ApusBase
import ApusColumns
import ApusPlan
import ApusPlugins
import ApusStore

enum PluginRelations {
  static let contents: [String: RelationContent] = [
    "pg_extension": .live(.definitions) { source throws(ApusError) in
      source.snapshot.extensions().map { name, definition in
        [
          .oid(CatalogOIDs.external("extension", name)), .text(name), .oid(CatalogOIDs.role),
          .oid(CatalogOIDs.publicSchema), .bool(false), .text(definition.version), .null, .null,
        ]
      }
    },
    "pg_available_extensions": .live(.definitions) { source throws(ApusError) in
      source.snapshot.extensions().map { name, definition in
        let plugin = source.database.plugins.status(name).plugin
        return [
          .text(name), .text(plugin?.version ?? definition.version), .text(definition.version),
          .optional(plugin?.description),
        ]
      }
    },
    "pg_foreign_data_wrapper": .live(.definitions) { source throws(ApusError) in
      source.snapshot.extensions().filter { source.snapshot.isBackend($0.name) }.map { name, _ in
        [
          .oid(CatalogOIDs.external("wrapper", name)), .text(name), .oid(CatalogOIDs.role), .int(0), .int(0), .null,
          .null,
        ]
      }
    },
    "pg_foreign_server": .live(.definitions) { source throws(ApusError) in
      source.snapshot.servers().map { name, definition in
        [
          .oid(CatalogOIDs.external("server", name)), .text(name), .oid(CatalogOIDs.role),
          .oid(CatalogOIDs.external("wrapper", definition.wrapper)), .optional(definition.type),
          .optional(definition.version), .null, options(definition.options, definition.wrapper, source.snapshot),
        ]
      }
    },
    "pg_foreign_table": .live(.definitions) { source throws(ApusError) in
      source.snapshot.backendTables.filter { !$0.object.isOwned }.map { table in
        let wrapper = (try? source.snapshot.server(table.object.server))?.wrapper ?? ""
        return [
          .oid(CatalogOIDs.external("table", "\(table.schema).\(table.name)")),
          .oid(CatalogOIDs.external("server", table.object.server)),
          options(table.object.options, wrapper, source.snapshot),
        ]
      }
    },
  ]

  private static let database = InformationTableRelations.database

  static let informationContents: [String: RelationContent] = [
    "foreign_data_wrappers": .live(.definitions) { source throws(ApusError) in
      source.snapshot.extensions().filter { source.snapshot.isBackend($0.name) }.map { name, _ in
        [database, .text(name), .text("apus"), .null, .text("c")]
      }
    },
    "foreign_servers": .live(.definitions) { source throws(ApusError) in
      source.snapshot.servers().map { name, server in
        [
          database, .text(name), database, .text(server.wrapper), .optional(server.type), .optional(server.version),
          .text("apus"),
        ]
      }
    },
    "foreign_server_options": .live(.definitions) { source throws(ApusError) in
      source.snapshot.servers().flatMap { name, server in
        source.snapshot.shown(server.options, of: server.wrapper).map { [database, .text(name)] + pair($0) }
      }
    },
    "foreign_tables": .live(.definitions) { source throws(ApusError) in
      source.snapshot.backendTables.filter { !$0.object.isOwned }.map { table in
        [database, .text(table.schema), .text(table.name), database, .text(table.object.server)]
      }
    },
    "foreign_table_options": .live(.definitions) { source throws(ApusError) in
      source.snapshot.backendTables.filter { !$0.object.isOwned }.flatMap { table in
        let wrapper = (try? source.snapshot.server(table.object.server))?.wrapper ?? ""
        return source.snapshot.shown(table.object.options, of: wrapper).map {
          [database, .text(table.schema), .text(table.name)] + pair($0)
        }
      }
    },
  ]

  /// `key=value` as two values.
  private static func pair(_ option: String) -> [Value] {
    let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return [.text(String(parts[0])), .text(parts.count > 1 ? String(parts[1]) : "")]
  }

  static let apusContents: [String: RelationContent] = [
    "plugins": .live(.statement) { source throws(ApusError) in
      source.snapshot.extensions().map { name, definition in
        let (plugin, failure) = source.database.plugins.status(name)
        return [
          .text(name), .text(plugin?.version ?? definition.version), plugin.map { .texts($0.kinds) } ?? .null,
          .text(failure == nil ? "loaded" : "failed"), .optional(failure?.message), .optional(plugin?.description),
          .optional(plugin?.file), .optional(plugin.map { "\($0.abi >> 16).\($0.abi & 0xFFFF)" }),
          .optional(plugin?.threadingName),
        ]
      }
    }
  ]

  /// The rows of pg_am for backends that keep tables of ours.
  static func accessMethods(_ source: SystemSource) -> [[Value]] {
    source.snapshot.extensions().filter { source.snapshot.isBackend($0.name) }.map { name, _ in
      [.oid(CatalogOIDs.external("method", name)), .text(name), .int(0), .text("t")]
    }
  }

  /// `key=value`, secrets left out.
  private static func options(_ options: [String: String], _ wrapper: String, _ snapshot: DatabaseSnapshot) -> Value {
    let shown = snapshot.shown(options, of: wrapper)
    return shown.isEmpty ? .null : .texts(shown)
  }
}

extension DatabaseSnapshot {
  /// A plugin that could not be loaded is taken for one when a server names it.
  func isBackend(_ name: String) -> Bool {
    if let plugin = database.plugins.status(name).plugin { return plugin.backend != nil }
    return servers().contains { $0.definition.wrapper == name }
  }

  /// `key=value` in order of keys, without those that are secret.
  func shown(_ options: [String: String], of wrapper: String) -> [String] {
    let backend = database.plugins.status(wrapper).plugin?.backend
    // Of a plugin that is not there nothing is known to be public.
    guard let backend else { return [] }
    return options.filter { !backend.isSecret($0.key) }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  /// Tables of backends as the catalogs list them.
  var listedBackendTables: [ListedRelation] { backendTables.map(listed) }

  func listedBackendTable(schema: String, name: String) -> ListedRelation? {
    backendTable(schema: schema, name: name).map(listed)
  }

  private func listed(_ table: NamedBackendTable) -> ListedRelation {
    let wrapper = (try? server(table.object.server))?.wrapper ?? ""
    return ListedRelation(
      table, accessMethod: CatalogOIDs.external("method", wrapper), options: shown(table.object.options, of: wrapper))
  }
}
