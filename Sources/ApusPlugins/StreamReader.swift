// StreamReader owns an Arrow stream while it is read.

import ApusBase
import ApusColumns
import CApusABI

/// The batches of a stream, of the given types. Released at the end or with this object.
final class StreamReader: @unchecked Sendable {
  private let stream: UnsafeMutablePointer<ArrowArrayStream>
  private var fields: [ArrowField] = []
  private let gate: Gate
  private let plugin: String
  private var isDone = false

  /// Takes the stream over, whatever happens.
  init(_ raw: ArrowArrayStream, types: [DataType], gate: Gate, plugin: String) throws(ApusError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: raw)
    self.gate = gate
    self.plugin = plugin
    guard raw.release != nil, let getSchema = raw.get_schema, raw.get_next != nil else {
      throw ApusError(
        .dataException, "malformed Arrow data: a stream was released or lacks its functions",
        context: "plugin \"\(plugin)\"")
    }
    var schema = ArrowSchema()
    try gate.run { () throws(ApusError) in
      let status = getSchema(stream, &schema)
      if status != 0 { throw streamError(plugin, stream, status) }
    }
    defer { Arrow.release(&schema) }
    do throws(ApusError) {
      fields = try ArrowField.fields(&schema, as: types)
    } catch { throw named(error) }
  }

  deinit {
    let stream = stream
    try? gate.run { () throws(ApusError) in Arrow.release(&stream.pointee) }
    stream.deallocate()
  }

  private func named(_ error: ApusError) -> ApusError {
    var copy = error
    if copy.context == nil { copy.context = "plugin \"\(plugin)\"" }
    return copy
  }

  func next() throws(ApusError) -> Batch? {
    if isDone { return nil }
    var array = ArrowArray()
    try gate.run { () throws(ApusError) in
      let status = stream.pointee.get_next(stream, &array)
      if status != 0 { throw streamError(plugin, stream, status) }
    }
    guard array.release != nil else {
      isDone = true
      return nil
    }
    defer { Arrow.release(&array) }
    do throws(ApusError) {
      return try ArrowField.batch(&array, fields: fields)
    } catch {
      isDone = true
      throw named(error)
    }
  }
}
