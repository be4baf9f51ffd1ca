// What is generated from the schema: the JSON schema, and the tables of docs/CONFIG.md.

import ApusBase

extension ConfigurationSchema {
  /// The JSON schema of apus.yaml, for editors.
  public static var jsonSchema: String {
    var members: [(String, JSONText)] = [
      ("$schema", .string("https://json-schema.org/draft/2020-12/schema")), ("title", .string("apus.yaml")),
    ]
    if case .object(let inner) = json(.mapping(root)) { members += inner }
    return JSONText.object(members).text(indent: 0)
  }

  private static func json(_ shape: ConfigurationShape) -> JSONText {
    switch shape {
    case .scalar(let kind): return json(kind)
    case .list(let inner): return .object([("type", .string("array")), ("items", json(inner))])
    case .named(_, let inner): return .object([("type", .string("object")), ("additionalProperties", json(inner))])
    case .either(let shapes): return .object([("anyOf", .list(shapes.map(json)))])
    case .mapping(let fields):
      var members: [(String, JSONText)] = [("type", .string("object"))]
      members.append(
        (
          "properties",
          .object(
            fields.map { field in
              guard case .object(var inner) = json(field.shape) else { return (field.key, .null) }
              inner.insert(("description", .string(field.doc)), at: 0)
              if !field.defaultText.isEmpty { inner.append(("default", .string(field.defaultText))) }
              return (field.key, .object(inner))
            })
        ))
      let required = fields.filter(\.isRequired).map(\.key)
      if !required.isEmpty { members.append(("required", .strings(required))) }
      members.append(("additionalProperties", .bool(false)))
      return .object(members)
    }
  }

  private static func json(_ kind: ScalarKind) -> JSONText {
    switch kind {
    case .port:
      return .object([("type", .string("integer")), ("minimum", .number(0)), ("maximum", .number(65_535))])
    case .integer(let range):
      return .object([
        ("type", .string("integer")), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound)),
      ])
    case .choice(let words): return .object([("enum", .strings(words))])
    case .size:
      return .object([
        ("type", .list([.string("string"), .string("integer")])), ("examples", .strings(["4 GiB", "512 MiB"])),
      ])
    case .percent: return .object([("type", .string("string")), ("pattern", .string("^[0-9.]+ ?%$"))])
    case .duration(let words), .age(let words):
      return .object([("type", .string("string")), ("examples", .strings(["90 days", "1 hour"] + words))])
    case .interval:
      return .object([("type", .string("string")), ("examples", .strings(["1 minute", "1 hour", "1 month"]))])
    case .text, .path, .address, .identifier, .expression, .columnType: return .object([("type", .string("string"))])
    }
  }

  // MARK: - docs/CONFIG.md

  /// A page with what stands between `<!-- NAME -->` and `<!-- end -->` made anew.
  public static func documentation(_ page: String) -> String {
    var lines: [Substring] = []
    var isInside = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "<!-- end -->" { isInside = false }
      if !isInside { lines.append(line) }
      if line.hasPrefix("<!-- options: "), line.hasSuffix(" -->") {
        let name = line.dropFirst("<!-- options: ".count).dropLast(" -->".count)
        lines += table(String(name)).split(separator: "\n", omittingEmptySubsequences: false)
        isInside = true
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func table(_ section: String) -> String {
    let isServer = section == "server"
    let wanted = options.filter { option in
      isServer
        ? !option.path.hasPrefix("tables.") && !option.path.hasPrefix("rollups.") : option.path.hasPrefix(section + ".")
    }
    var lines =
      isServer
      ? ["| apus.yaml | flag | variable | default | changes | |", "|---|---|---|---|---|---|"]
      : ["| apus.yaml | WITH | form | default | changes | |", "|---|---|---|---|---|---|"]
    for option in wanted {
      let field = option.field
      let path = isServer ? option.path : String(option.path.dropFirst("\(section).NAME.".count))
      let middle =
        isServer
        ? [code(field.flag), code(field.variable)] : [code(field.with), form(field.shape)]
      let standard = field.defaultText.isEmpty ? "" : "`\(field.defaultText)`"
      let cells = ["`\(path)`"] + middle + [standard, word(field.change), field.doc]
      lines.append(
        "| " + cells.map { $0.split(separator: "|").joined(separator: "\\|") }.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  private static func code(_ text: String?) -> String { text.map { "`\($0)`" } ?? "" }

  private static func word(_ change: OptionChange?) -> String {
    switch change {
    case .online: "online"
    case .restart: "at a start"
    case .empty: "while empty"
    case .creation: "never"
    case .recompute: "a new version"
    case nil: ""
    }
  }

  private static func form(_ shape: ConfigurationShape) -> String {
    switch shape {
    case .scalar(let kind):
      switch kind {
      case .text: "text"
      case .path: "path"
      case .address: "address"
      case .port: "port"
      case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
      case .size: "size"
      case .percent: "percent"
      case .duration(let words): (["length of time"] + words.map { "`\($0)`" }).joined(separator: " or ")
      case .age(let words): (["age"] + words.map { "`\($0)`" }).joined(separator: " or ")
      case .interval: "length of time, months too"
      case .choice(let words): words.map { "`\($0)`" }.joined(separator: " or ")
      case .identifier: "name"
      case .expression: "SQL"
      case .columnType: "type and constraints"
      }
    case .list(let inner): "list of \(form(inner))"
    case .named(let what, let inner): "\(what): \(form(inner))"
    case .mapping(let fields): "{" + fields.map(\.key).joined(separator: ", ") + "}"
    case .either(let shapes): shapes.map(form).joined(separator: "; ")
    }
  }
}
