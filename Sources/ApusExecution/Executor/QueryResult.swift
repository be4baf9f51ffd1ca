// QueryResult owns the reading end of a running query.

public import ApusBase
public import ApusColumns
public import ApusPlan

/// The rows of a query, as they are asked for. Used by one thread at a time.
public final class QueryResult: @unchecked Sendable {
  public let fields: [Field]
  private let query: QueryState
  private var root: Operator?

  init(fields: [Field], root: Operator, query: QueryState) {
    self.fields = fields
    self.root = root
    self.query = query
  }

  deinit { close() }

  /// The next rows, dense and at least one; nil at the end. Work is done in this call, with the pool's help where it
  /// pays, and only as far as asked: a reader that pauses pauses the query.
  public func next() throws(ApusError) -> Batch? {
    guard let root else { return nil }
    do {
      while let batch = try root.next() {
        try query.control.check()
        if batch.count > 0 { return batch.compacted() }
      }
    } catch {
      close()
      throw error
    }
    close()
    return nil
  }

  /// Stops the query and lets go of what it holds.
  public func close() {
    root?.close()
    root = nil
  }

  /// All rows at once, for small results.
  public func collect() throws(ApusError) -> Batch {
    var parts: [Batch] = []
    while let batch = try next() { parts.append(batch) }
    if parts.count == 1 { return parts[0] }
    var columns: [Vector] = []
    for (index, field) in fields.enumerated() {
      columns.append(try Vector.concatenated(parts.map { $0.columns[index] }, type: field.type))
    }
    return Batch(columns: columns, count: parts.reduce(0) { $0 + $1.count })
  }
}
