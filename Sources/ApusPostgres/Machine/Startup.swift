// Startup owns what the startup packet asks for: names, settings, protocol version.

import ApusBase
import ApusEngine

/// The startup packet, read.
struct Startup {
  private(set) var user = ""
  private(set) var database = ""
  /// Settings in the order of the packet, those of `options` first, as in PostgreSQL.
  private(set) var settings: [(name: String, value: String)] = []
  /// Protocol options (`_pq_.`) that we do not know.
  private(set) var unknownOptions: [String] = []
  let minorVersion: Int

  init(minorVersion: Int, parameters: [StartupParameter]) throws(ApusError) {
    self.minorVersion = minorVersion
    var named: [(name: String, value: String)] = []
    for parameter in parameters {
      switch parameter.name {
      case "user": user = parameter.value
      case "database": database = parameter.value
      case "options": settings += try Self.options(parameter.value)
      case "replication":
        guard ["false", "off", "no", "0"].contains(parameter.value.lowercased()) else {
          throw ApusError.unsupported("replication connections are")
        }
      case _ where parameter.name.hasPrefix("_pq_."): unknownOptions.append(parameter.name)
      default: named.append((parameter.name, parameter.value))
      }
    }
    settings += named
    guard !user.isEmpty else {
      throw ApusError(.invalidAuthorization, "no PostgreSQL user name specified in startup packet")
    }
    if database.isEmpty { database = user }
  }

  var needsNegotiation: Bool { minorVersion > 0 || !unknownOptions.isEmpty }

  /// `-c name=value`, `-cname=value` and `--name=value`, split at blanks; a backslash takes away a character's meaning.
  static func options(_ text: String) throws(ApusError) -> [(name: String, value: String)] {
    var words: [String] = []
    var word = ""
    var isInWord = false
    var isEscaped = false
    for character in text.unicodeScalars {
      if isEscaped {
        word.unicodeScalars.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
        isInWord = true
      } else if character == " " || (9...13).contains(character.value) {
        if isInWord { words.append(word) }
        word = ""
        isInWord = false
      } else {
        word.unicodeScalars.append(character)
        isInWord = true
      }
    }
    if isInWord { words.append(word) }
    var settings: [(name: String, value: String)] = []
    var rest = words[...]
    while let option = rest.popFirst() {
      let assignment: String
      if option == "-c" {
        guard let next = rest.popFirst() else { throw invalid(option) }
        assignment = next
      } else if option.hasPrefix("-c") || option.hasPrefix("--") {
        assignment = String(option.dropFirst(2))
      } else {
        throw invalid(option)
      }
      guard let equals = assignment.firstIndex(of: "="), equals != assignment.startIndex else { throw invalid(option) }
      let name = assignment[..<equals].map { $0 == "-" ? "_" : $0 }
      settings.append((String(name), String(assignment[assignment.index(after: equals)...])))
    }
    return settings
  }

  private static func invalid(_ option: String) -> ApusError {
    ApusError(.syntaxError, "invalid command-line argument for server process: \(option)")
  }
}
