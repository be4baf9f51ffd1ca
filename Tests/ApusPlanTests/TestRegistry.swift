// A registry with PostgreSQL 15's own signatures (Tests/Data/Plan/signatures.txt): types are resolved among all of its
// operators, whatever our functions have so far. Few of its functions compute anything.

import ApusBase
import ApusColumns
import ApusFunctions
import Foundation

enum TestData {
  static func lines(_ name: String) -> [String] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let url = tests.appendingPathComponent("Data/Plan/\(name)")
    let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).filter { !$0.isEmpty }
  }
}

enum TestRegistry {
  static let shared = make()

  private static let types: [String: DataType] = {
    var map: [String: DataType] = [:]
    for type in DataType.all {
      map[type.catalogName] = type
      map["_" + type.catalogName] = .array(type)
    }
    return map
  }()

  private static func parameter(_ name: String) -> ParameterType {
    switch name {
    case "anyelement": .anyElement
    case "anynonarray", "anycompatiblenonarray": .anyNonArray
    case "anyarray": .anyArray
    case "anycompatible": .anyCompatible
    case "anycompatiblearray": .anyCompatibleArray
    case "any": .any
    default: .exact(types[name] ?? .text)
    }
  }

  private static func result(_ name: String) -> ResultType {
    switch name {
    case "anyelement", "anynonarray", "anycompatible": .element
    case "anyarray", "anycompatiblearray": .array
    default: .exact(types[name] ?? .text)
    }
  }

  static func make() -> FunctionRegistry {
    var scalars: [ScalarFunction] = []
    var casts: [DataType: [DataType: Cast]] = [:]
    var aggregates: [AggregateFunction] = []
    var tables: [TableFunction] = []
    for line in TestData.lines("signatures.txt") {
      let parts = line.split(separator: " ").map(String.init)
      switch parts[0] {
      case "o":
        let inputs = (parts[2] == "-" ? [] : [parameter(parts[2])]) + [parameter(parts[3])]
        scalars.append(
          ScalarFunction(
            parts[1], kind: .operator, parameters: inputs, result: result(parts[4]),
            evaluate: body(parts[1], result(parts[4]))))
      case "c":
        guard let source = types[parts[1]], let target = types[parts[2]] else { continue }
        let context: CastContext = parts[3] == "i" ? .implicit : parts[3] == "a" ? .assignment : .explicit
        casts[source, default: [:]][target] = cast(source, target, context, isRelabel: parts[4] == "b")
      case "f": scalars.append(function(parts))
      case "a", "O": aggregates.append(aggregate(parts))
      case "t": tables.append(table(parts))
      default: break
      }
    }
    for type in DataType.all where type != .text && type != .unknown {
      if casts[.text]?[type] == nil {
        casts[.text, default: [:]][type] = cast(.text, type, .explicit, isRelabel: false)
      }
      if casts[type]?[.text] == nil {
        casts[type, default: [:]][.text] = cast(type, .text, .assignment, isRelabel: false)
      }
    }
    return FunctionRegistry(
      scalars: scalars, casts: casts.values.flatMap { $0.values }, aggregates: aggregates, tables: tables)
  }

  private static func cast(_ source: DataType, _ target: DataType, _ context: CastContext, isRelabel: Bool) -> Cast {
    if isRelabel, source != target { return Cast(source: source, target: target, context: context, function: nil) }
    let function = ScalarFunction(
      target.catalogName, kind: .cast, parameters: [.exact(source)], result: .exact(target),
      isMonotonic: source.isNumber && target.isNumber
    ) { (vectors, count, _) throws(ApusError) -> Vector in
      var values: [Value] = []
      for row in 0..<count { values.append(try converted(vectors[0].value(at: row), target)) }
      return .of(values, type: target)
    }
    return Cast(source: source, target: target, context: context, function: function)
  }

  /// Enough of the conversions for literals in tests.
  private static func converted(_ value: Value, _ target: DataType) throws(ApusError) -> Value {
    switch (value, target.physical) {
    case (.text(let text), .int16), (.text(let text), .int32), (.text(let text), .int64):
      if target.isInteger {
        guard let number = Int64(text) else {
          throw ApusError(.invalidTextRepresentation, "invalid input syntax for type \(target.sqlName): \"\(text)\"")
        }
        return .int(number)
      }
      // Times: the digits as a number keep their order, which is all that tests ask.
      return .int(Int64(text.filter(\.isNumber).prefix(14)) ?? 0)
    case (.text("x"), .bool):
      throw ApusError(.invalidTextRepresentation, "invalid input syntax for type boolean: \"x\"")
    case (.text(let text), .bool): return .bool(["t", "true", "yes", "on", "1"].contains(text))
    case (.text(let text), .float64), (.text(let text), .float32): return Double(text).map { .float($0) } ?? .null
    case (.text(let text), .bytes) where target == .numeric: return .numeric(try Numeric(text: text))
    case (.int(let number), .float64): return .float(Double(number))
    case (.int(let number), .bytes) where target == .numeric: return .numeric(try Numeric(text: String(number)))
    case (.int(let number), .bytes): return .text(String(number))
    default: return value
    }
  }

  private static func body(_ name: String, _ result: ResultType) -> ScalarEvaluator {
    { (vectors, count, _) throws(ApusError) -> Vector in
      guard case .exact(let type) = result else { throw .unsupported("computing \(name) in tests is") }
      var values: [Value] = []
      for row in 0..<count {
        let left = vectors.isEmpty ? Value.null : vectors[0].value(at: row)
        let right = vectors.count < 2 ? Value.null : vectors[1].value(at: row)
        switch (name, left, right) {
        case ("+", .int(let a), .int(let b)): values.append(.int(a + b))
        case ("-", .int(let a), .int(let b)): values.append(.int(a - b))
        case ("-", .int(let a), .interval(let b)): values.append(.int(a - b.microseconds))
        case ("=", let a, let b): values.append(.bool(a == b))
        case ("<", .int(let a), .int(let b)): values.append(.bool(a < b))
        default: throw .unsupported("computing \(name) in tests is")
        }
      }
      return .of(values, type: type)
    }
  }

  private static func names(_ list: String) -> [String] {
    list == "-" ? [] : list.split(separator: ",").map(String.init)
  }

  /// A variadic function's last parameter is that of one value.
  private static func parameters(_ parts: [String]) -> [ParameterType] {
    var list = names(parts[3]).map(parameter)
    if parts[5] == "1", case .exact(.array(let element))? = list.last { list[list.count - 1] = .exact(element) }
    return list
  }

  private static func function(_ parts: [String]) -> ScalarFunction {
    let name = parts[2]
    let volatility: Volatility = parts[6] == "i" ? .immutable : parts[6] == "s" ? .stable : .volatile
    var evaluate = body(name, result(parts[4]))
    if name == "now" {
      evaluate = { (_, count, context) throws(ApusError) -> Vector in
        Vector.constant(.int(context.transactionTime), type: .timestamptz, count: count)
      }
    }
    return ScalarFunction(
      name, schema: parts[1], parameters: parameters(parts), isVariadic: parts[5] == "1", result: result(parts[4]),
      volatility: volatility, isStrict: parts[7] == "1", evaluate: evaluate)
  }

  private static func aggregate(_ parts: [String]) -> AggregateFunction {
    AggregateFunction(
      parts[2], parameters: parameters(parts), result: result(parts[4]),
      ignoresDuplicates: parts[2] == "min" || parts[2] == "max",
      isOrderSensitive: parts[2].hasSuffix("_agg"), isOrderedSet: parts[0] == "O"
    ) { (_, _) throws(ApusError) -> any AggregateStates in throw .unsupported("aggregating in tests is") }
  }

  private static func table(_ parts: [String]) -> TableFunction {
    let outputs = names(parts[8]).map { item -> (String, String) in
      let halves = item.split(separator: ":").map(String.init)
      return (halves[0], halves[1])
    }
    let single = result(parts[4])
    let list = parameters(parts)
    return TableFunction(
      parts[2], schema: parts[1], parameters: list,
      columns: { (types) throws(ApusError) -> [(name: String, type: DataType)] in
        func type(_ result: ResultType) -> DataType {
          switch result {
          case .exact(let type): type
          case .element: types.first?.elementType ?? types.first ?? .text
          case .array: types.first ?? .array(.text)
          }
        }
        if outputs.isEmpty { return [(name: parts[2], type: type(single))] }
        return outputs.map { (name: $0.0, type: type(result($0.1))) }
      },
      evaluate: { (_, _, _) throws(ApusError) -> Batch in throw .unsupported("running a function in tests is") })
  }
}
