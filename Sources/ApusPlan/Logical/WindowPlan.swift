// WindowPlan owns what the window node of a plan computes: the windows, the frames and the calls over them.

public import ApusColumns
public import ApusFunctions

/// How rows stand: PARTITION BY and ORDER BY over the columns of the input.
public struct WindowSpec: Hashable, Sendable {
  public var partition: [Expression]
  public var order: [SortKey]
  public init(partition: [Expression], order: [SortKey]) {
    self.partition = partition
    self.order = order
  }
}

/// The size of a frame on one side.
public struct FrameOffset: Hashable, Sendable {
  /// Without columns: int8 for ROWS and GROUPS; for RANGE of the type that the ORDER BY column takes.
  public var size: Expression
  /// RANGE over other types than integers and floats: the ORDER BY column moved by the size, in the type of `rangeKey`.
  public var edge: Expression?
  public init(size: Expression, edge: Expression? = nil) {
    self.size = size
    self.edge = edge
  }
}

public enum FrameBound: Hashable, Sendable {
  case unboundedPreceding, currentRow, unboundedFollowing
  case preceding(FrameOffset)
  case following(FrameOffset)
}

/// Which rows of its partition a row's aggregate is over.
public struct FrameSpec: Hashable, Sendable {
  public enum Mode: Hashable, Sendable { case range, rows, groups }
  /// Rows of the frame that are left out.
  public enum Exclusion: Hashable, Sendable { case currentRow, group, ties }
  public var mode: Mode
  public var start: FrameBound
  public var end: FrameBound
  /// RANGE with an offset: the ORDER BY column as it is compared.
  public var rangeKey: Expression?
  public var exclusion: Exclusion?

  public init(
    mode: Mode, start: FrameBound, end: FrameBound, rangeKey: Expression? = nil, exclusion: Exclusion? = nil
  ) {
    self.mode = mode
    self.start = start
    self.end = end
    self.rangeKey = rangeKey
    self.exclusion = exclusion
  }
  /// RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
  public static let standard = FrameSpec(mode: .range, start: .unboundedPreceding, end: .currentRow)
}

/// One function call with OVER.
public struct WindowCall: Hashable, Sendable {
  public enum Function: Hashable, Sendable {
    case aggregate(AggregateFunction)
    case window(WindowFunction)

    public var name: String {
      switch self {
      case .aggregate(let function): function.name
      case .window(let function): function.name
      }
    }
  }
  public var function: Function
  public var arguments: [Expression]
  public var filter: Expression?
  /// Which window of the node.
  public var window: Int
  public var frame: FrameSpec
  public var type: DataType

  public init(
    function: Function, arguments: [Expression], filter: Expression?, window: Int, frame: FrameSpec, type: DataType
  ) {
    self.function = function
    self.arguments = arguments
    self.filter = filter
    self.window = window
    self.frame = frame
    self.type = type
  }
}

// MARK: Walks

extension SortKey {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> SortKey {
    SortKey(try change(expression), descending: descending, nullsFirst: nullsFirst)
  }
}

extension WindowSpec {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> WindowSpec {
    WindowSpec(partition: try partition.map(change), order: try order.map { try $0.mapping(change) })
  }
  func forEachExpression(_ visit: (Expression) -> Void) {
    partition.forEach(visit)
    for key in order { visit(key.expression) }
  }
}

extension FrameBound {
  var offset: FrameOffset? {
    switch self {
    case .preceding(let offset), .following(let offset): offset
    default: nil
    }
  }
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> FrameBound {
    func moved(_ offset: FrameOffset) throws -> FrameOffset {
      FrameOffset(size: try change(offset.size), edge: try offset.edge.map(change))
    }
    switch self {
    case .preceding(let offset): return .preceding(try moved(offset))
    case .following(let offset): return .following(try moved(offset))
    default: return self
    }
  }
}

extension WindowCall {
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> WindowCall {
    var call = self
    call.arguments = try arguments.map(change)
    call.filter = try filter.map(change)
    call.frame.start = try frame.start.mapping(change)
    call.frame.end = try frame.end.mapping(change)
    call.frame.rangeKey = try frame.rangeKey.map(change)
    return call
  }
  func forEachExpression(_ visit: (Expression) -> Void) {
    arguments.forEach(visit)
    if let filter { visit(filter) }
    for bound in [frame.start, frame.end] {
      guard let offset = bound.offset else { continue }
      visit(offset.size)
      if let edge = offset.edge { visit(edge) }
    }
    if let key = frame.rangeKey { visit(key) }
  }
}
