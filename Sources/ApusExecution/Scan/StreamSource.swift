// StreamSource owns a provider's stream while it is read: a batch at a time, so that memory holds no more of it than
// what the operators above keep.

import ApusBase
import ApusColumns
import ApusPlan

/// The batches of a stream as row groups. One thread uses it at a time.
final class StreamSource {
  private var stream: (any BatchStream)?
  private let columns: [ColumnReference]
  private let control: QueryControl
  private var handler: Int?

  init(_ stream: any BatchStream, _ columns: [ColumnReference], _ control: QueryControl) {
    self.stream = stream
    self.columns = columns
    self.control = control
    handler = control.onCancel { stream.cancel() }
  }

  deinit { end() }

  var isExhausted: Bool { stream == nil }

  func next() throws(ApusError) -> (any RowGroup)? {
    guard let stream else { return nil }
    try control.check()
    let batch: Batch?
    do throws(ApusError) {
      batch = try stream.next()
    } catch {
      end()
      // Why the query was cancelled says more than that its stream was.
      try control.check()
      throw error
    }
    guard let batch else {
      end()
      try control.check()
      return nil
    }
    return stream.rowGroup(batch.compacted(), columns: columns)
  }

  /// Lets go of the stream, read to its end or not.
  func end() {
    stream = nil
    if let handler { control.forget(handler) }
    handler = nil
  }
}
