// SargablePredicate owns the conditions that bounds of a run of rows can decide: which runs cannot match, which match
// as a whole.

public import ApusColumns
import ApusFunctions

/// A test of one column against constants. The condition that it comes from is true for a row only if the test is, and,
/// unless `isPartial`, whenever it is.
public struct SargablePredicate: Hashable, Sendable {
  public enum Comparison: Hashable, Sendable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }
  public enum Test: Hashable, Sendable {
    case compare(Comparison, Value)
    /// Values without nulls; ascending where their type has an order here.
    case inList([Value])
    case isNull
    case isNotNull
    /// LIKE 'prefix%'.
    case prefix(String)
  }
  /// The index of the column in the scan's output.
  public var column: Int
  public var test: Test
  /// The condition says more than the test (`LIKE 'a%b'`): the test only excludes.
  public var isPartial: Bool

  public init(column: Int, test: Test, isPartial: Bool = false) {
    self.column = column
    self.test = test
    self.isPartial = isPartial
  }

  /// The tests that `condition` implies: of its conjuncts, those that are of these forms.
  public static func extract(from condition: Expression) -> [SargablePredicate] {
    condition.conjuncts.flatMap { extractOne($0) }
  }

  /// Whether the tests of `condition` together say all that it says, so that rows that pass them need no evaluation.
  public static func extractAll(from condition: Expression) -> [SargablePredicate]? {
    var found: [SargablePredicate] = []
    for conjunct in condition.conjuncts {
      let tests = extractOne(conjunct)
      if tests.isEmpty || tests.contains(where: \.isPartial) { return nil }
      found.append(contentsOf: tests)
    }
    return found
  }

  private static func extractOne(_ condition: Expression) -> [SargablePredicate] {
    switch condition {
    case .call(let function, let arguments, .bool):
      guard function.kind == .operator, arguments.count == 2, let column = column(arguments[0]),
        case .literal(let value, let type) = arguments[1], !value.isNull
      else { return [] }
      if function.name == "~~" { return like(column, value) }
      let left = arguments[0].type
      let isSameOrder = left == type || (left.isInteger && type.isInteger) || (left.isFloat && type.isFloat)
      guard let comparison = comparison(function.name), isSameOrder, isComparable(type) else { return [] }
      return [SargablePredicate(column: column, test: .compare(comparison, value))]
    case .inList(let operand, let values, let type, false):
      guard let column = column(operand), isComparable(type) else { return [] }
      let known = values.filter { !$0.isNull }
      let sorted = known.sorted { (ZoneOrder.compare($0, $1) ?? 0) < 0 }
      return [SargablePredicate(column: column, test: .inList(sorted))]
    case .isNull(let operand, let negated):
      guard case .column(let index, _) = operand else { return [] }
      return [SargablePredicate(column: index, test: negated ? .isNotNull : .isNull)]
    case .column(let index, .bool): return [SargablePredicate(column: index, test: .compare(.equal, .bool(true)))]
    case .not(.column(let index, .bool)):
      return [SargablePredicate(column: index, test: .compare(.equal, .bool(false)))]
    default: return []
    }
  }

  private static func comparison(_ name: String) -> Comparison? {
    switch name {
    case "=": .equal
    case "<>": .notEqual
    case "<": .less
    case "<=": .lessOrEqual
    case ">": .greater
    case ">=": .greaterOrEqual
    default: nil
    }
  }

  /// The column behind what keeps values and their order: a string type as text, a smaller integer as a larger one.
  private static func column(_ expression: Expression) -> Int? {
    switch expression {
    case .column(let index, _): return index
    case .relabel(let inner, _): return inner.type.physical == expression.type.physical ? column(inner) : nil
    case .call(let function, let arguments, let type):
      guard function.kind == .cast, arguments.count == 1 else { return nil }
      let source = arguments[0].type
      let keepsValue =
        (source.isInteger && type.isInteger && source.typeLength <= type.typeLength)
        || (source == .float4 && type == .float8)
      return keepsValue ? column(arguments[0]) : nil
    default: return nil
    }
  }

  /// bpchar compares without its padding, and json not at all.
  private static func isComparable(_ type: DataType) -> Bool {
    switch type {
    case .bool, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .varchar, .name, .char, .uuid, .bytea, .date,
      .time, .timestamp, .timestamptz:
      true
    default: type.isOIDLike
    }
  }

  private static func like(_ column: Int, _ value: Value) -> [SargablePredicate] {
    guard case .text(let pattern) = value else { return [] }
    var prefix = ""
    var rest = Substring(pattern)
    while let character = rest.first, character != "%", character != "_", character != "\\" {
      prefix.append(character)
      rest.removeFirst()
    }
    if rest.isEmpty { return [SargablePredicate(column: column, test: .compare(.equal, .text(prefix)))] }
    if prefix.isEmpty { return rest == "%" ? [SargablePredicate(column: column, test: .isNotNull)] : [] }
    return [SargablePredicate(column: column, test: .prefix(prefix), isPartial: rest != "%")]
  }
}

extension DataType {
  fileprivate var isFloat: Bool { self == .float4 || self == .float8 }
}

extension SargablePredicate {
  /// Whether no row of a run with these bounds passes. `rowCount` is the run's length where it is known.
  public func excludes(_ zone: ZoneMap, rowCount: Int? = nil) -> Bool {
    if let rowCount, zone.nullCount >= rowCount {
      if case .isNull = test { return false }
      return true
    }
    switch test {
    case .isNull: return zone.nullCount == 0
    case .isNotNull: return false
    case .compare(let comparison, let value):
      guard let low = zone.minimum, let high = zone.maximum,
        let fromLow = ZoneOrder.compare(value, low), let fromHigh = ZoneOrder.compare(value, high)
      else { return false }
      switch comparison {
      case .equal: return fromLow < 0 || fromHigh > 0
      case .notEqual: return fromLow == 0 && fromHigh == 0
      case .less: return fromLow <= 0
      case .lessOrEqual: return fromLow < 0
      case .greater: return fromHigh >= 0
      case .greaterOrEqual: return fromHigh > 0
      }
    case .inList(let values):
      guard let low = zone.minimum, let high = zone.maximum else { return values.isEmpty }
      return values.allSatisfy { value in
        guard let fromLow = ZoneOrder.compare(value, low), let fromHigh = ZoneOrder.compare(value, high) else {
          return false
        }
        return fromLow < 0 || fromHigh > 0
      }
    case .prefix(let prefix):
      guard case .text(let low)? = zone.minimum, case .text(let high)? = zone.maximum else { return false }
      // Bounds may be cut, so only what is before the prefix or after all that begin with it counts.
      if ZoneOrder.compare(high, prefix) < 0 { return true }
      return ZoneOrder.compare(low, prefix) > 0 && !low.utf8.starts(with: prefix.utf8)
    }
  }

  /// Whether every row of a run with these bounds passes.
  public func covers(_ zone: ZoneMap, rowCount: Int? = nil) -> Bool {
    if isPartial { return false }
    if case .isNull = test { return rowCount.map { zone.nullCount >= $0 } ?? false }
    if zone.nullCount > 0 { return false }
    switch test {
    case .isNull: return false
    case .isNotNull: return true
    case .compare(let comparison, let value):
      guard let low = zone.minimum, let high = zone.maximum,
        let fromLow = ZoneOrder.compare(value, low), let fromHigh = ZoneOrder.compare(value, high)
      else { return false }
      switch comparison {
      case .equal: return fromLow == 0 && fromHigh == 0
      case .notEqual: return fromLow < 0 || fromHigh > 0
      case .less: return fromHigh > 0
      case .lessOrEqual: return fromHigh >= 0
      case .greater: return fromLow < 0
      case .greaterOrEqual: return fromLow <= 0
      }
    case .inList(let values):
      guard let low = zone.minimum, let high = zone.maximum, ZoneOrder.compare(low, high) == 0 else { return false }
      return values.contains { ZoneOrder.compare($0, low) == 0 }
    case .prefix(let prefix):
      guard case .text(let low)? = zone.minimum, case .text(let high)? = zone.maximum else { return false }
      return low.utf8.starts(with: prefix.utf8) && high.utf8.starts(with: prefix.utf8)
    }
  }

  /// Whether a value passes; nil when it cannot be told.
  public func matches(_ value: Value) -> Bool? {
    switch test {
    case .isNull: return value.isNull
    case .isNotNull: return !value.isNull
    case .compare(let comparison, let constant):
      if value.isNull { return false }
      guard let order = ZoneOrder.compare(value, constant) else { return nil }
      switch comparison {
      case .equal: return order == 0
      case .notEqual: return order != 0
      case .less: return order < 0
      case .lessOrEqual: return order <= 0
      case .greater: return order > 0
      case .greaterOrEqual: return order >= 0
      }
    case .inList(let values): return !value.isNull && values.contains { ZoneOrder.compare($0, value) == 0 }
    case .prefix(let prefix):
      guard case .text(let text) = value else { return false }
      return text.utf8.starts(with: prefix.utf8) ? (isPartial ? nil : true) : false
    }
  }
}

/// The order of values of one type, as ORDER BY has it.
public enum ZoneOrder {
  /// Negative, zero or positive; nil when the two have no order here.
  public static func compare(_ a: Value, _ b: Value) -> Int? {
    switch (a, b) {
    case (.int(let x), .int(let y)): return x < y ? -1 : x > y ? 1 : 0
    case (.float(let x), .float(let y)):
      // NaN is above everything and equal to itself.
      if x.isNaN || y.isNaN { return x.isNaN ? (y.isNaN ? 0 : 1) : -1 }
      return x < y ? -1 : x > y ? 1 : 0
    case (.bool(let x), .bool(let y)): return x == y ? 0 : x ? 1 : -1
    case (.text(let x), .text(let y)): return compare(x, y)
    case (.uuid(let x), .uuid(let y)): return x < y ? -1 : y < x ? 1 : 0
    case (.bytes(let x), .bytes(let y)):
      return x.lexicographicallyPrecedes(y) ? -1 : y.lexicographicallyPrecedes(x) ? 1 : 0
    case (.numeric(let x), .numeric(let y)): return compare(x, y)
    default: return nil
    }
  }

  /// By bytes: the order of the C collation.
  static func compare(_ a: String, _ b: String) -> Int {
    if a.utf8.elementsEqual(b.utf8) { return 0 }
    return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
  }

  private static func compare(_ a: Numeric, _ b: Numeric) -> Int {
    func rank(_ number: Numeric) -> Int {
      switch number.sign {
      case .negativeInfinity: 0
      case .positive, .negative: 1
      case .positiveInfinity: 2
      case .notANumber: 3
      }
    }
    let (rankA, rankB) = (rank(a), rank(b))
    if rankA != rankB || rankA != 1 { return rankA < rankB ? -1 : rankA > rankB ? 1 : 0 }
    let signA = a.digits.isEmpty ? 0 : a.sign == .negative ? -1 : 1
    let signB = b.digits.isEmpty ? 0 : b.sign == .negative ? -1 : 1
    if signA != signB || signA == 0 { return signA < signB ? -1 : signA > signB ? 1 : 0 }
    if a.weight != b.weight { return (a.weight < b.weight ? -1 : 1) * signA }
    if a.digits == b.digits { return 0 }
    return (a.digits.lexicographicallyPrecedes(b.digits) ? -1 : 1) * signA
  }
}
