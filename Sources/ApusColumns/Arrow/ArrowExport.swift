// ArrowExport owns Arrow arrays over our vectors, for a callee that borrows them.

public import ApusBase
public import CApusABI

/// A batch as Arrow arrays. The memory is shared where the layouts agree, else converted. The arrays are valid while
/// this object lives: keep it with `withExtendedLifetime` around the call that borrows them.
public final class ArrowExport: @unchecked Sendable {
  /// The struct array of the batch.
  public let batch: UnsafeMutablePointer<ArrowArray>
  public let count: Int
  private var buffers: [Buffer] = []
  private var arrays: [UnsafeMutablePointer<ArrowArray>] = []
  private var bufferLists: [UnsafeMutablePointer<UnsafeRawPointer?>] = []
  private var childLists: [UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>] = []

  /// Throws 0A000 for types that do not cross, 22008 for times that 1970-based microseconds cannot hold.
  public init(_ columns: [Vector], count: Int) throws(ApusError) {
    self.count = count
    batch = .allocate(capacity: 1)
    batch.initialize(to: ArrowArray())
    arrays.append(batch)
    var children: [UnsafeMutablePointer<ArrowArray>] = []
    for column in columns {
      guard column.count == count else { throw .unexpected("columns of a batch differ in length") }
      children.append(try array(column))
    }
    fill(batch, count: count, nulls: 0, buffers: [nil], children: children)
  }

  deinit {
    for array in arrays { array.deallocate() }
    for list in bufferLists { list.deallocate() }
    for list in childLists { list.deallocate() }
  }

  private static let markReleased: @convention(c) (UnsafeMutablePointer<ArrowArray>?) -> Void = {
    $0?.pointee.release = nil
  }

  private func fill(
    _ array: UnsafeMutablePointer<ArrowArray>, count: Int, nulls: Int, buffers list: [Buffer?],
    children: [UnsafeMutablePointer<ArrowArray>] = []
  ) {
    let pointers = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: max(1, list.count))
    bufferLists.append(pointers)
    for (index, buffer) in list.enumerated() {
      pointers[index] = buffer.map { UnsafeRawPointer($0.address) }
      if let buffer { buffers.append(buffer) }
    }
    array.pointee.length = Int64(count)
    array.pointee.null_count = Int64(nulls)
    array.pointee.n_buffers = Int64(list.count)
    array.pointee.buffers = pointers
    if !children.isEmpty {
      let list = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(capacity: children.count)
      for (index, child) in children.enumerated() { list[index] = child }
      childLists.append(list)
      array.pointee.children = list
      array.pointee.n_children = Int64(children.count)
    }
    array.pointee.release = Self.markReleased
  }

  private func array(_ column: Vector) throws(ApusError) -> UnsafeMutablePointer<ArrowArray> {
    guard Arrow.format(of: column.type) != nil else {
      throw ApusError.unsupported("columns of type \(column.type.sqlName) in plugins are")
    }
    let flat = column.flattened()
    let result = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
    result.initialize(to: ArrowArray())
    arrays.append(result)
    let nulls = flat.nullCount
    let validity = nulls == 0 ? nil : flat.validity?.words
    switch flat.storage {
    case .list(let offsets, let child):
      let item = try array(child.vector)
      fill(result, count: flat.count, nulls: nulls, buffers: [validity, offsets], children: [item])
    case .bytes(let offsets, let data):
      let (bounds, bytes) = flat.type == .numeric ? try Self.numericText(flat) : (offsets, data)
      fill(result, count: flat.count, nulls: nulls, buffers: [validity, bounds, bytes])
    default: fill(result, count: flat.count, nulls: nulls, buffers: [validity, try Self.fixed(flat)])
    }
    return result
  }

  private static func fixed(_ column: Vector) throws(ApusError) -> Buffer {
    switch column.storage {
    case .bool(let bits): return bits.words
    case .int16(let buffer), .float32(let buffer), .float64(let buffer): return buffer
    case .int32(let buffer): return column.type == .date ? try dates(column, buffer) : buffer
    case .int64(let buffer):
      return column.type == .timestamp || column.type == .timestamptz ? try times(column, buffer) : buffer
    case .uuid(let buffer):
      let out = Buffer(byteCount: column.count * 16)
      let (from, to) = (buffer.read(UInt64.self), out.write(UInt64.self))
      for index in 0..<column.count * 2 { to[index] = from[index].bigEndian }
      return out
    case .interval(let buffer): return try intervals(column, buffer)
    default: throw .unexpected("a column of type \(column.type.sqlName) has no Arrow form")
    }
  }

  static let epochDays: Int32 = 10_957

  private static func dates(_ column: Vector, _ buffer: Buffer) throws(ApusError) -> Buffer {
    let out = Buffer(byteCount: column.count * 4)
    let (from, to) = (buffer.read(Int32.self), out.write(Int32.self))
    for row in 0..<column.count {
      let day = from[row]
      let (sum, overflow) = day.addingReportingOverflow(epochDays)
      to[row] = day == .max || day == .min || overflow ? (day < 0 ? .min : .max) : sum
    }
    return out
  }

  private static func times(_ column: Vector, _ buffer: Buffer) throws(ApusError) -> Buffer {
    let out = Buffer(byteCount: column.count * 8)
    let (from, to) = (buffer.read(Int64.self), out.write(Int64.self))
    for row in 0..<column.count {
      let time = from[row]
      if time == .max || time == .min {
        to[row] = time
        continue
      }
      let (sum, overflow) = time.addingReportingOverflow(postgresEpochUnixMicroseconds)
      if overflow, !column.isNull(row) {
        throw ApusError(.datetimeFieldOverflow, "\(column.type.sqlName) out of range for a plugin")
      }
      to[row] = overflow ? 0 : sum
    }
    return out
  }

  private static func intervals(_ column: Vector, _ buffer: Buffer) throws(ApusError) -> Buffer {
    let out = Buffer(byteCount: column.count * 16)
    let from = buffer.read(Interval.self)
    for row in 0..<column.count {
      let interval = from[row]
      let (nanoseconds, overflow) = interval.microseconds.multipliedReportingOverflow(by: 1000)
      if overflow, !column.isNull(row) {
        throw ApusError(.datetimeFieldOverflow, "interval out of range for a plugin")
      }
      let place = out.address + row * 16
      place.storeBytes(of: interval.months, as: Int32.self)
      place.storeBytes(of: interval.days, toByteOffset: 4, as: Int32.self)
      place.storeBytes(of: overflow ? 0 : nanoseconds, toByteOffset: 8, as: Int64.self)
    }
    return out
  }

  private static func numericText(_ column: Vector) throws(ApusError) -> (Buffer, Buffer) {
    var builder = BytesBuilder(capacity: column.count)
    var text: [UInt8] = []
    for row in 0..<column.count {
      if column.isNull(row) {
        builder.appendEmpty()
        continue
      }
      text.removeAll(keepingCapacity: true)
      try Numeric(encoded: column.rawBytes(row)).write(into: &text)
      guard builder.fits(text.count) else { throw ApusError(.programLimitExceeded, "column larger than 2 GiB") }
      builder.append(text)
    }
    let storage = builder.finishStorage()
    return (storage.offsets, storage.data)
  }
}
