// The answers of PostgreSQL 15 that scripts/function-answers.py wrote, and what tests need to ask ours the same.

import ApusBase
import ApusColumns
import ApusFunctions
import Foundation

enum Answers {
  /// The lines of a file of Tests/Data, as fields.
  static func lines(_ name: String) -> [[String]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = (try? String(contentsOf: tests.appendingPathComponent("Data/\(name)"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  static let types: [String: DataType] = {
    var map: [String: DataType] = [:]
    for type in DataType.all {
      map[type.catalogName] = type
      map["_" + type.catalogName] = .array(type)
    }
    return map
  }()

  static func parameter(_ name: String) -> ParameterType? {
    switch name {
    case "anyelement": .anyElement
    case "anynonarray", "anycompatiblenonarray": .anyNonArray
    case "anyarray": .anyArray
    case "anycompatible": .anyCompatible
    case "anycompatiblearray": .anyCompatibleArray
    default: types[name].map { .exact($0) }
    }
  }

  /// The session in which PostgreSQL was asked.
  static let context = EvaluationContext(timeZone: "Europe/Berlin")

  /// The vector of one value read from its text.
  static func read(_ text: String, _ type: DataType) throws -> Value {
    if type == .text { return .text(text) }
    if case .array = type {
      return try TextFormat.input(text, type: TypeReference(type), settings: context.formatSettings)
    }
    if type == .oidvector {
      return .array(text.split(separator: " ").map { .int(Int64($0) ?? 0) })
    }
    if let cast = FunctionRegistry.standard.cast(from: .text, to: type), let function = cast.function {
      return try function.evaluate([.constant(.text(text), type: .text, count: 1)], 1, context).value(at: 0)
    }
    return try TextFormat.input(text, type: TypeReference(type), settings: context.formatSettings)
  }

  /// The value as PostgreSQL's cast to text shows it.
  static func show(_ vector: Vector, _ row: Int) throws -> String {
    if vector.isNull(row) { return "\\N" }
    if vector.type == .bool { return vector.value(at: row) == .bool(true) ? "true" : "false" }
    if vector.type == .bpchar {
      return String(
        String.UnicodeScalarView(vector.value(at: row).text.unicodeScalars.reversed().drop { $0 == " " }.reversed()))
    }
    var out: [UInt8] = []
    try TextFormat.output(vector, row: row, settings: context.formatSettings, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// The answer, an error as `!` with its state and message.
  static func answer(_ body: () throws -> Vector) -> String {
    do {
      return try show(body(), 0)
    } catch let error as ApusError {
      return "!\(error.state.code) \(error.message)"
    } catch {
      return "!\(error)"
    }
  }
}

extension Value {
  var text: String { if case .text(let text) = self { text } else { "" } }
}

/// Rows in every layout that a function may meet.
enum Layout: CaseIterable {
  case plain, withNulls, constant, dictionary, sliced

  /// Nulls are rows of their own, after each value; nil where the layout does not apply.
  func vector(_ values: [Value], _ type: DataType) -> Vector? {
    switch self {
    case .plain: return .of(values, type: type)
    case .withNulls: return .of(values.flatMap { [$0, .null] }, type: type)
    case .constant: return values.first.map { .constant($0, type: type, count: 3) }
    case .dictionary:
      guard type.physical == .bytes else { return nil }
      let plain = Vector.of(values, type: type)
      guard case .bytes(let offsets, let data) = plain.storage else { return nil }
      let dictionary = ByteDictionary(count: values.count, offsets: offsets, data: data, isSorted: false)
      let codes = Buffer(copying: values.indices.map { UInt16($0) })
      return Vector(
        type: type, count: values.count, storage: .dictionary(codes: codes, width: 2, dictionary: dictionary))
    case .sliced:
      let padded = Vector.of([.null] + values + [.null], type: type)
      return padded.slice(1..<values.count + 1)
    }
  }
}
