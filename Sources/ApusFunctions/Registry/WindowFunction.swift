// WindowFunction owns the contract of window functions: values for rows that stand in partitions and frames.

public import ApusBase
public import ApusColumns

/// The rows of a window in its order: partition after partition, each sorted. Row numbers are places in that order.
public final class WindowLayout: Sendable {
  public let count: Int
  /// Where partitions begin, ascending, and `count` at the end.
  public let partitions: [Int32]
  /// Where groups of rows begin that are equal in partition and ORDER BY, and `count` at the end. Empty unless a
  /// function says that it uses them.
  public let peers: [Int32]
  /// The frame of each row: `frameStarts[row]..<frameEnds[row]`, within its partition; neither ever descends within a
  /// partition. Empty unless a function says that it uses them.
  public let frameStarts: [Int32]
  public let frameEnds: [Int32]

  public init(count: Int, partitions: [Int32], peers: [Int32], frameStarts: [Int32], frameEnds: [Int32]) {
    self.count = count
    self.partitions = partitions
    self.peers = peers
    self.frameStarts = frameStarts
    self.frameEnds = frameEnds
  }
}

/// A function that is called with OVER and is not an aggregate. Immutable; compared by identity.
public final class WindowFunction: Sendable {
  public let name: String
  public let parameters: [ParameterType]
  public let result: ResultType
  public let usesPeers: Bool
  public let usesFrame: Bool
  /// The value of each row. `arguments` are dense vectors of `layout.count` rows in the window's order.
  public let evaluate: @Sendable (_ arguments: [Vector], _ layout: WindowLayout) throws(ApusError) -> Vector

  public init(
    _ name: String, parameters: [ParameterType], result: ResultType, usesPeers: Bool = false, usesFrame: Bool = false,
    evaluate: @escaping @Sendable ([Vector], WindowLayout) throws(ApusError) -> Vector
  ) {
    self.name = name
    self.parameters = parameters
    self.result = result
    self.usesPeers = usesPeers
    self.usesFrame = usesFrame
    self.evaluate = evaluate
  }
}

extension WindowFunction: Hashable {
  public static func == (a: WindowFunction, b: WindowFunction) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
