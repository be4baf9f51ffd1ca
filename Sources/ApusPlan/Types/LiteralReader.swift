// LiteralReader owns the reading of quoted literals and of numbers as values of a type.

import ApusBase
import ApusColumns
import ApusFunctions

enum LiteralReader {
  /// The value that PostgreSQL's input function of `type` reads from `text`.
  static func read(_ text: String, as type: DataType, context: EvaluationContext) throws(ApusError) -> Value {
    switch type {
    case .text, .varchar, .unknown: return .text(text)
    case .int4, .int2, .int8:
      guard let number = Int64(text) else {
        throw ApusError(.invalidTextRepresentation, "invalid input syntax for type \(type.sqlName): \"\(text)\"")
      }
      return .int(number)
    case .float8: return Double(text).map { .float($0) } ?? .null
    default: throw .unsupported("a literal of type \(type.sqlName) is")
    }
  }
}
