// GapFill owns what the gap-filling node of a plan does: which buckets, between which bounds, with which values.

public import ApusColumns
public import ApusFunctions

/// A bound that a condition of WHERE gives. Without columns, of the type of the time.
public struct GapFillBound: Hashable, Sendable {
  public var value: Expression
  /// The bound lies one step after the value (`time > value`, `time <= value`).
  public var isShifted: Bool
  public init(value: Expression, isShifted: Bool) {
    self.value = value
    self.isShifted = isShifted
  }
}

/// locf(value, previous, treat_null_as_missing) or interpolate(value), over the columns of the input.
public struct GapFillCall: Hashable, Sendable {
  public var function: GapFillFunction
  public var value: Expression
  /// What stands for the value before the first one.
  public var previous: Expression?
  /// Without columns.
  public var treatsNullAsMissing: Expression?
  public var type: DataType
  public init(
    function: GapFillFunction, value: Expression, previous: Expression? = nil, treatsNullAsMissing: Expression? = nil,
    type: DataType
  ) {
    self.function = function
    self.value = value
    self.previous = previous
    self.treatsNullAsMissing = treatsNullAsMissing
    self.type = type
  }
}

public struct GapFill: Hashable, Sendable {
  /// Columns of the input: the bucket, and the other groupings. All other columns are null in added rows.
  public var time: Int
  public var keys: [Int]
  /// Without columns.
  public var width: Expression
  public var zone: Expression?
  /// As written in the call; null or nil: as the conditions say.
  public var start: Expression?
  public var finish: Expression?
  public var lower: [GapFillBound] = []
  public var upper: [GapFillBound] = []
  public var calls: [GapFillCall] = []

  public init(time: Int, keys: [Int], width: Expression, zone: Expression?) {
    self.time = time
    self.keys = keys
    self.width = width
    self.zone = zone
  }
}

// MARK: Walks

extension GapFill {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> GapFill {
    var result = self
    result.width = try change(width)
    result.zone = try zone.map(change)
    result.start = try start.map(change)
    result.finish = try finish.map(change)
    result.lower = try lower.map { GapFillBound(value: try change($0.value), isShifted: $0.isShifted) }
    result.upper = try upper.map { GapFillBound(value: try change($0.value), isShifted: $0.isShifted) }
    result.calls = try calls.map { call in
      var call = call
      call.value = try change(call.value)
      call.previous = try call.previous.map(change)
      call.treatsNullAsMissing = try call.treatsNullAsMissing.map(change)
      return call
    }
    return result
  }

  func forEachExpression(_ visit: (Expression) -> Void) {
    visit(width)
    for part in [zone, start, finish] { if let part { visit(part) } }
    for bound in lower + upper { visit(bound.value) }
    for call in calls {
      visit(call.value)
      if let previous = call.previous { visit(previous) }
      if let flag = call.treatsNullAsMissing { visit(flag) }
    }
  }
}
