// CatalogFunctions owns the functions that ask the catalog itself: names and OIDs, visibility, definitions, sizes.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore
import ApusSyntax

/// The catalog as functions see it, for one statement.
struct CatalogFunctions: CatalogLookup {
  let snapshot: DatabaseSnapshot
  let context: SystemRelationContext
  let searchPath: [String]

  typealias Body = @Sendable (CatalogFunctions, [Value]) throws(ApusError) -> Value

  /// The answer about kinds of objects that there are none of.
  static let nothing: Body = { (_, _) throws(ApusError) -> Value in .null }

  /// One dictionary per file.
  private static let bodies: [String: Body] = {
    var all: [String: Body] = [:]
    for part in [
      definitionBodies, visibilityBodies, privilegeBodies, sizeBodies, nameBodies, serverBodies, rowBodies,
      accessBodies, lifecycleBodies, retentionBodies, identityBodies,
    ] {
      for (name, body) in part { all[name] = body }
    }
    return all
  }()

  /// The functions that `call` knows.
  static var names: Set<String> { Set(bodies.keys) }

  func call(_ function: String, _ arguments: [Value]) throws(ApusError) -> Value {
    guard let body = Self.bodies[function] else { throw ApusError.unsupported("function \(function)() is") }
    return try body(self, arguments)
  }

  var functions: FunctionCatalog { snapshot.database.functionCatalog }

  // MARK: - Relations

  /// pg_catalog is first unless search_path places it.
  var schemasSearched: [String] {
    searchPath.contains("pg_catalog") ? searchPath : ["pg_catalog"] + searchPath
  }

  func relation(_ oid: OID) -> ListedRelation? {
    if let system = SystemRelations.definition(oid) { return ListedRelation(system) }
    return snapshot.store.table(TableID(oid)).map { ListedRelation($0.definition) }
      ?? (snapshot.listedBackendTables + snapshot.views + snapshot.listedRollups).first { $0.oid == oid }
  }

  func relation(schema: String, name: String) -> ListedRelation? {
    if let system = SystemRelations.definition(schema: schema, name: name) { return ListedRelation(system) }
    return snapshot.store.table(schema: schema, name: name).map { ListedRelation($0.definition) }
      ?? snapshot.listedBackendTable(schema: schema, name: name) ?? snapshot.listedView(schema: schema, name: name)
      ?? snapshot.listedRollup(schema: schema, name: name)
  }

  /// A relation by a name in parts: with a schema, or along search_path.
  func relation(_ parts: [String]) -> ListedRelation? {
    switch parts.count {
    case 1:
      for schema in schemasSearched { if let found = relation(schema: schema, name: parts[0]) { return found } }
      return nil
    case 2: return relation(schema: parts[0], name: parts[1])
    case 3: return parts[0] == "apus" ? relation(schema: parts[1], name: parts[2]) : nil
    default: return nil
    }
  }

  /// The relation of a text argument, or 42P01.
  func requiredRelation(_ text: String) throws(ApusError) -> ListedRelation {
    guard let parts = Identifiers.parse(text), let found = relation(parts) else {
      throw ApusError(.undefinedTable, "relation \"\(text)\" does not exist")
    }
    return found
  }

  /// Whether the plain name finds this relation.
  func isVisible(_ relation: ListedRelation) -> Bool { self.relation([relation.name])?.oid == relation.oid }

  /// The relation whose row type has the OID, and whether it is the array of that type.
  func relation(rowType oid: OID) -> (ListedRelation, isArray: Bool)? {
    if let system = Self.systemRowTypes[oid] { return system }
    if oid >= CatalogOIDs.rowTypes, oid < CatalogOIDs.rowArrayTypes {
      return snapshot.store.table(TableID(oid - CatalogOIDs.rowTypes)).map { (ListedRelation($0.definition), false) }
    }
    if oid >= CatalogOIDs.rowArrayTypes, oid < CatalogOIDs.defaults {
      return snapshot.store.table(TableID(oid - CatalogOIDs.rowArrayTypes)).map {
        (ListedRelation($0.definition), true)
      }
    }
    return nil
  }

  private static let systemRowTypes: [OID: (ListedRelation, isArray: Bool)] = {
    var found: [OID: (ListedRelation, isArray: Bool)] = [:]
    for relation in ListedRelation.system {
      found[relation.rowType] = (relation, false)
      found[relation.rowArrayType] = (relation, true)
    }
    found[0] = nil
    return found
  }()
}

/// Names as SQL writes them.
enum Identifiers {
  /// The parts of a qualified name: bare ones in lower case, quoted ones as they are. nil for anything else.
  static func parse(_ text: String) -> [String]? {
    var parts: [String] = []
    var rest = Substring(text.trimmingPrefix { $0 == " " })
    while true {
      var part = ""
      if rest.first == "\"" {
        rest = rest.dropFirst()
        while true {
          guard let character = rest.popFirst() else { return nil }
          if character != "\"" {
            part.append(character)
          } else if rest.first == "\"" {
            part.append("\"")
            rest = rest.dropFirst()
          } else {
            break
          }
        }
      } else {
        while let character = rest.first, character.isLetter || character.isNumber || "_$".contains(character) {
          part += character.lowercased()
          rest = rest.dropFirst()
        }
      }
      guard !part.isEmpty else { return nil }
      parts.append(part)
      rest = rest.drop { $0 == " " }
      if rest.isEmpty { return parts }
      guard rest.popFirst() == "." else { return nil }
      rest = rest.drop { $0 == " " }
    }
  }
}

extension Value {
  var asOID: OID {
    if case .int(let number) = self { OID(truncatingIfNeeded: number) } else { 0 }
  }
  var asInteger: Int64 {
    if case .int(let number) = self { number } else { 0 }
  }
  var asText: String {
    if case .text(let text) = self { text } else { "" }
  }
  var asBool: Bool { self == .bool(true) }
}
