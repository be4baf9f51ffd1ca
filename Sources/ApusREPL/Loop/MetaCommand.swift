// MetaCommand owns the list of backslash commands and the reading of their arguments.

import ApusBase

enum MetaCommand {
  static let help = """
    General
      \\q                     leave
      \\?                     this list
      \\conninfo              what this is a connection to
      \\timing [on|off]       tell how long statements take
      \\watch [SECONDS] [c=N] run the statement again and again (2 s; N times)

    Statement
      \\g, \\gx                run the statement that waits or the last one; gx: a column a line
      \\p, \\r                 show, forget the statement that waits
      \\i FILE                run a file

    Output
      \\x [on|off|auto]       a column a line; auto: where the terminal is too narrow
      \\pset format FORMAT    box, aligned, markdown, csv, json, ndjson
      \\pset null TEXT        what stands for NULL
      \\pset                  show these settings
      \\o [FILE]              results go to a file; without one, back here
      \\echo TEXT             write a text
      \\chart [bar|line] [COLUMN ...]
                             draw the last result: its numeric columns, or those named

    Copying
      \\copy TABLE [(COLUMN, ...)] from|to 'FILE' [csv [header]|(OPTION, ...)]
      \\copy (QUERY) to 'FILE' [...]
                             stdin, stdout: the lines here

    What there is (a pattern may hold * and ?)
      \\d [PATTERN]           tables and views; with a pattern, their columns
      \\dt, \\dv, \\di [PATTERN]  tables, views, indexes
      \\dn [PATTERN]          schemas
      \\df [PATTERN]          functions
      \\du [PATTERN]          roles
      \\l [PATTERN]           databases

    """

  static let names = [
    "?", "chart", "conninfo", "copy", "d", "df", "di", "dn", "dt", "du", "dv", "echo", "g", "gx", "i", "l", "o", "p",
    "pset", "q", "r", "timing", "watch", "x",
  ]

  /// Words of a command: by blanks, quotes keep blanks together ('' within them is one).
  static func arguments(_ text: String) -> [String] {
    var found: [String] = []
    var word = ""
    var isInWord = false
    var isQuoted = false
    var characters = Array(text)[...]
    while let character = characters.popFirst() {
      switch character {
      case "'" where isQuoted && characters.first == "'":
        characters.removeFirst()
        word.append("'")
      case "'":
        isQuoted.toggle()
        isInWord = true
      case " ", "\t", "\r":
        if isQuoted {
          word.append(character)
        } else if isInWord {
          found.append(word)
          word = ""
          isInWord = false
        }
      default:
        word.append(character)
        isInWord = true
      }
    }
    if isInWord { found.append(word) }
    return found
  }
}

/// A name pattern of the \d family as regular expressions: `*` is any text, `?` any character, a dot parts the schema,
/// and letters are small outside double quotes.
struct NamePattern {
  var schema: String?
  var name: String

  init(_ text: String) {
    var parts = [""]
    var isQuoted = false
    for character in text {
      switch character {
      case "\"": isQuoted.toggle()
      case "." where !isQuoted && parts.count == 1: parts.append("")
      case "*" where !isQuoted: parts[parts.count - 1] += ".*"
      case "?" where !isQuoted: parts[parts.count - 1] += "."
      case "\\", "^", "$", "+", "*", "?", "(", ")", "[", "]", "{", "}", "|", ".":
        parts[parts.count - 1] += "\\" + String(character)
      default: parts[parts.count - 1] += isQuoted ? String(character) : character.lowercased()
      }
    }
    name = Self.literal(parts[parts.count - 1])
    schema = parts.count == 2 ? Self.literal(parts[0]) : nil
  }

  /// The expression as an SQL string.
  private static func literal(_ expression: String) -> String { sqlText("^(\(expression))$") }
}

/// A text as an SQL literal.
func sqlText(_ text: String) -> String {
  var literal = "'"
  for character in text { literal += character == "'" ? "''" : String(character) }
  return literal + "'"
}
