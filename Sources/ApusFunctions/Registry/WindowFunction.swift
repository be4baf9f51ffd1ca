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
  /// What EXCLUDE leaves out of each row's frame; empty without it.
  public let frameHoles: [FrameHole]

  public init(
    count: Int, partitions: [Int32], peers: [Int32], frameStarts: [Int32], frameEnds: [Int32],
    frameHoles: [FrameHole] = []
  ) {
    self.count = count
    self.partitions = partitions
    self.peers = peers
    self.frameStarts = frameStarts
    self.frameEnds = frameEnds
    self.frameHoles = frameHoles
  }

  /// The runs of rows that a row's frame is made of, in order; some may be empty.
  private func runs(_ row: Int) -> [Range<Int64>] {
    let (start, end) = (Int64(frameStarts[row]), Int64(frameEnds[row]))
    guard !frameHoles.isEmpty else { return [start..<max(start, end)] }
    let hole = frameHoles[row]
    let (from, to) = (min(max(Int64(hole.start), start), end), min(max(Int64(hole.end), start), end))
    let kept = Int64(hole.kept)
    let isKept = hole.kept >= 0 && kept >= start && kept < end
    return [start..<max(start, from), isKept ? kept..<kept + 1 : 0..<0, to..<max(to, end)]
  }

  /// The row of a frame at a place, from 0; -1 where there is none.
  func frameRow(_ row: Int, _ place: Int64) -> Int32 {
    var left = place
    for run in runs(row) {
      let count = run.upperBound - run.lowerBound
      if left < count { return Int32(truncatingIfNeeded: run.lowerBound + left) }
      left -= count
    }
    return -1
  }

  func lastFrameRow(_ row: Int) -> Int32 {
    for run in runs(row).reversed() where !run.isEmpty { return Int32(truncatingIfNeeded: run.upperBound - 1) }
    return -1
  }
}

/// Rows left out of a frame: `start..<end`, but for `kept` (-1 for none).
public struct FrameHole: Sendable {
  public let start: Int32
  public let end: Int32
  public let kept: Int32
  public init(start: Int32, end: Int32, kept: Int32) {
    self.start = start
    self.end = end
    self.kept = kept
  }
  public func contains(_ row: Int) -> Bool { row >= Int(start) && row < Int(end) && row != Int(kept) }
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
