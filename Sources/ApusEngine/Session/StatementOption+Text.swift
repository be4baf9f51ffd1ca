// The text of an option's value, however it was spelled: what WITH (...) and COPY's options read.

import ApusSyntax

extension StatementOption {
  /// `'x'`, `x`, `a.b`, `10` and `true` as text; empty for a value that is none of these, or not given.
  var text: String {
    switch value {
    case .string(let text), .numeric(let text): text
    case .word(let parts): parts.joined(separator: ".")
    case .integer(let number): String(number)
    case .boolean(let flag): flag ? "true" : "false"
    default: ""
    }
  }
}
