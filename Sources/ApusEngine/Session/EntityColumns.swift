// EntityColumns owns option "entity" of a table: which of its columns name entities, whose values are numbered.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

enum EntityColumns {
  /// Those that a table has of these, when the option is not given.
  static let standardNames = ["distinct_id", "user_id", "anonymous_id"]

  static func standard(_ columns: [ApusStore.ColumnDefinition]) -> [String] {
    let texts = standardNames.filter { name in
      columns.contains { $0.name == name && TableDefinition.mayBeEntity($0.type.type) }
    }
    return texts.filter { name in isNumbered(name, texts, columns) }
  }

  /// The option as it is shown.
  static func text(_ entity: [String]?) -> String {
    guard let entity, !entity.isEmpty else { return "none" }
    return entity.joined(separator: ", ")
  }

  /// The columns that the option names: `none`, or names divided by commas.
  static func named(
    _ option: StatementOption, _ columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) -> [String] {
    let text = option.text[...].trimmingSpaces()
    if text.isEmpty || text == "none" { return [] }
    let names = text.split(separator: ",").map { $0.trimmingSpaces() }
    for name in names {
      guard let column = columns.first(where: { $0.name == name }) else {
        throw ApusError(
          .undefinedColumn, "column \"\(name)\" named in option \"entity\" does not exist", position: option.position)
      }
      guard TableDefinition.mayBeEntity(column.type.type) else {
        throw ApusError(
          .invalidParameterValue, "entity \"\(name)\" must be text, not \(column.type.type.sqlName)",
          position: option.position)
      }
      guard isNumbered(name, names, columns) else {
        throw ApusError.unsupported(
          "the generated column \"\(name)\" as an entity is",
          position: option.position, hint: "an entity is a stored column, or COALESCE of entities")
      }
    }
    return names
  }

  /// Whether a column is stored, or is COALESCE of stored ones that are entities: then its values are numbered as
  /// theirs are.
  private static func isNumbered(
    _ name: String, _ entities: [String], _ columns: [ApusStore.ColumnDefinition]
  ) -> Bool {
    guard let text = columns.first(where: { $0.name == name })?.generatedExpression else { return true }
    let call = text[...].trimmingSpaces().lowercased()
    guard call.hasPrefix("coalesce("), call.hasSuffix(")") else { return false }
    return call.dropFirst("coalesce(".count).dropLast().split(separator: ",").allSatisfy { part in
      let name = part.trimmingSpaces()
      return entities.contains(name) && columns.contains { $0.name == name && $0.generatedExpression == nil }
    }
  }
}
