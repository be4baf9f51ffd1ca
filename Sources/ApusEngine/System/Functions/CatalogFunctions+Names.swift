// The reg types: names to OIDs and back; format_type and the to_reg functions.

import ApusBase
import ApusColumns
import ApusPlan
import ApusSyntax

extension CatalogFunctions {
  static let nameBodies: [String: Body] = {
    var bodies: [String: Body] = [
      "format_type": { (catalog, arguments) throws(ApusError) -> Value in
        guard case .int = arguments[0] else { return .null }
        let modifier: Int32? = arguments[1].isNull ? nil : Int32(clamping: arguments[1].asInteger)
        let oid = arguments[0].asOID
        return .text(oid == 0 ? "-" : catalog.typeName(oid, modifier: modifier) ?? "???")
      }
    ]
    let kinds: [(String, DataType)] = [
      ("regclass", .regclass), ("regtype", .regtype), ("regproc", .regproc), ("regprocedure", .regprocedure),
      ("regoper", .regoper), ("regoperator", .regoperator), ("regnamespace", .regnamespace), ("regrole", .regrole),
      ("regcollation", .regcollation),
    ]
    for (name, kind) in kinds {
      let check: Body = { (catalog, arguments) throws(ApusError) -> Value in
        // A number is not a name here, and a name that is malformed is none.
        let text = arguments[0].asText
        guard OID(text) == nil, text != "-" else { return .null }
        return catalog.oid(named: text, as: kind).map { .oid($0) } ?? .null
      }
      bodies["to_" + name] = check
    }
    return bodies
  }()

  // MARK: - OID to name

  func name(of oid: OID, as kind: DataType) -> String? {
    switch kind {
    case .regclass: return relation(oid).map(relationName)
    case .regtype: return typeName(oid, modifier: nil)
    case .regproc: return functionName(oid)
    case .regprocedure:
      if let found = functions.function(oid) { return signature(found) }
      guard let name = functions.name(of: oid), let arguments = functions.argumentsOfOther(oid) else { return nil }
      return "\(quoteIdentifier(name))(\(typeNames(arguments)))"
    case .regoper:
      guard let found = functions.operator_(oid) else { return nil }
      return functions.operators(named: found.name).count == 1 ? found.name : "pg_catalog." + found.name
    case .regoperator:
      return functions.operator_(oid).map { found in
        let left = found.left == 0 ? "NONE" : typeName(found.left, modifier: nil) ?? "???"
        return "\(found.name)(\(left),\(typeName(found.right, modifier: nil) ?? "???"))"
      }
    case .regnamespace: return snapshot.schemas.first { CatalogOIDs.schema($0) == oid }.map { quoteIdentifier($0) }
    case .regrole: return oid == CatalogOIDs.role ? "apus" : nil
    case .regcollation: return Self.collations.first { $0.oid == oid }.map { quoteIdentifier($0.name) }
    default: return nil
    }
  }

  static let collations: [(name: String, oid: OID)] = [
    ("default", 100), ("C", 950), ("POSIX", 951), ("ucs_basic", 12_340), ("C.utf8", 12_341),
  ]

  func relationName(_ relation: ListedRelation) -> String {
    isVisible(relation) ? quoteIdentifier(relation.name) : quoteQualified([relation.schema.schema, relation.name])
  }

  func typeName(_ oid: OID, modifier: Int32?) -> String? {
    if oid == 0 { return nil }
    if let name = CatalogTypes.formatted(oid, modifier: modifier) { return name }
    return relation(rowType: oid).map { relation, isArray in relationName(relation) + (isArray ? "[]" : "") }
  }

  private func functionName(_ oid: OID) -> String? {
    guard let found = functions.function(oid) else { return functions.name(of: oid).map { quoteIdentifier($0) } }
    let name = quoteIdentifier(found.name)
    let isFound = found.schema == "pg_catalog" || searchPath.contains(found.schema)
    let isUnique = functions.functions(named: found.name).count == 1
    return isFound && isUnique ? name : "\(quoteIdentifier(found.schema)).\(name)"
  }

  /// `lower(text)`
  func signature(_ function: CatalogFunction) -> String {
    let isFound = function.schema == "pg_catalog" || searchPath.contains(function.schema)
    let name = quoteIdentifier(function.name)
    return "\(isFound ? name : "\(quoteIdentifier(function.schema)).\(name)")(\(typeNames(function.arguments)))"
  }

  private func typeNames(_ types: [OID]) -> String {
    types.map { typeName($0, modifier: nil) ?? "???" }.joined(separator: ",")
  }

  // MARK: - Name to OID

  func oid(named text: String, as kind: DataType) -> OID? {
    if text == "-" { return 0 }
    if let number = OID(text) { return number }
    switch kind {
    case .regclass: return Identifiers.parse(text).flatMap { relation($0)?.oid }
    case .regtype: return typeOID(text)
    case .regproc:
      guard let parts = Identifiers.parse(text) else { return nil }
      let found = functionsNamed(parts)
      if found.isEmpty, parts.count == 1 || parts[0] == "pg_catalog" {
        return functions.otherOID(named: parts.last ?? "")
      }
      return found.count == 1 ? found[0].oid : nil
    case .regprocedure: return procedureOID(text)
    case .regoper:
      let found = functions.operators(named: Self.withoutSchema(text))
      return found.count == 1 ? found[0].oid : nil
    case .regoperator: return operatorOID(text)
    case .regnamespace:
      guard let parts = Identifiers.parse(text), parts.count == 1, snapshot.schemas.contains(parts[0]) else {
        return nil
      }
      return CatalogOIDs.schema(parts[0])
    case .regrole: return Identifiers.parse(text) == ["apus"] ? CatalogOIDs.role : nil
    case .regcollation:
      guard let parts = Identifiers.parse(text), let name = parts.last else { return nil }
      return Self.collations.first { $0.name == name }?.oid
    default: return nil
    }
  }

  private func functionsNamed(_ parts: [String]) -> [CatalogFunction] {
    guard let name = parts.last else { return [] }
    let schemas = parts.count > 1 ? [parts[parts.count - 2]] : schemasSearched
    return functions.functions(named: name).filter { schemas.contains($0.schema) }
  }

  private static func withoutSchema(_ text: String) -> String {
    text.hasPrefix("pg_catalog.") ? String(text.dropFirst("pg_catalog.".count)) : text
  }

  /// A type as SQL writes it, arrays, modifiers and row types included.
  private func typeOID(_ text: String) -> OID? {
    if let parts = Identifiers.parse(text), parts.count == 1 || parts[0] == "pg_catalog", let name = parts.last,
      let entry = CatalogTypes.entry(named: name), name != "char" || text.hasPrefix("\"")
    {
      return entry.oid
    }
    if let type = parsedType(text) { return type.oid }
    var name = Substring(text)
    let isArray = name.hasSuffix("[]")
    if isArray { name = name.dropLast(2) }
    guard let parts = Identifiers.parse(String(name)), let found = relation(parts), found.rowType != 0 else {
      return nil
    }
    return isArray ? found.rowArrayType : found.rowType
  }

  private func parsedType(_ text: String) -> DataType? {
    guard let parsed = try? Parser.parseExpression("NULL::\(text)"),
      case .cast(_, let name) = parsed.arena[parsed.root].kind
    else { return nil }
    return (try? TypeResolver.resolve(name, in: parsed.arena))?.type
  }

  /// `name(type, type)`
  private func procedureOID(_ text: String) -> OID? {
    guard let (name, types) = split(text), let parts = Identifiers.parse(name) else { return nil }
    return functionsNamed(parts).first { $0.arguments == types }?.oid
  }

  private func operatorOID(_ text: String) -> OID? {
    guard let (name, types) = split(text), types.count == 2 else { return nil }
    return functions.operators(named: Self.withoutSchema(name)).first { $0.left == types[0] && $0.right == types[1] }?
      .oid
  }

  private func split(_ text: String) -> (name: String, types: [OID])? {
    guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { return nil }
    let list = text[text.index(after: open)...].dropLast()
    var types: [OID] = []
    for item in list.split(separator: ",") {
      let name = item.trimmingSpaces()
      if name.uppercased() == "NONE" {
        types.append(0)
      } else if let type = typeOID(name == "\"any\"" ? "any" : name) {
        types.append(type)
      } else {
        return nil
      }
    }
    return (text[..<open].trimmingSpaces(), types)
  }
}
