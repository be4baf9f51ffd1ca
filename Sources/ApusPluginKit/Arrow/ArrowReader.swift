// ArrowReader owns the reading of rows that the engine hands to a backend: Arrow C arrays, value by value.

public import CApusABI

/// One column of a batch. Valid while the array is.
public struct ArrowColumnReader {
  public let count: Int
  private let offset: Int
  private let validity: UnsafeRawPointer?
  private let first: UnsafeRawPointer?
  private let second: UnsafeRawPointer?
  private let hasLargeOffsets: Bool

  /// `format` is the schema's.
  public init(_ array: ArrowArray, format: String) throws(PluginError) {
    let wanted = Self.isVariable(format) ? 3 : 2
    guard array.n_buffers >= wanted, array.dictionary == nil, array.length >= 0, array.offset >= 0 else {
      throw PluginError("XX000", "an Arrow array of format \(format) has an unexpected shape")
    }
    count = Int(array.length)
    offset = Int(array.offset)
    validity = array.null_count == 0 ? nil : array.buffers?[0]
    first = array.buffers?[1]
    second = wanted == 3 ? array.buffers?[2] : nil
    hasLargeOffsets = format == "U" || format == "Z"
  }

  static func isVariable(_ format: String) -> Bool { ["u", "z", "U", "Z"].contains(format) }

  public func isNull(_ row: Int) -> Bool {
    guard let validity else { return false }
    let place = offset &+ row
    return validity.load(fromByteOffset: place / 8, as: UInt8.self) >> UInt8(truncatingIfNeeded: place % 8) & 1 == 0
  }

  public func bool(_ row: Int) -> Bool {
    guard let first else { return false }
    let place = offset &+ row
    return first.load(fromByteOffset: place / 8, as: UInt8.self) >> UInt8(truncatingIfNeeded: place % 8) & 1 == 1
  }

  /// A value of a fixed width.
  public func value<T: BitwiseCopyable>(_ row: Int, as type: T.Type) throws(PluginError) -> T {
    guard let first else { throw PluginError("XX000", "an Arrow array lacks its values") }
    return first.loadUnaligned(fromByteOffset: (offset &+ row) &* MemoryLayout<T>.size, as: type)
  }

  /// A value of `width` bytes.
  public func fixed(_ row: Int, width: Int) throws(PluginError) -> UnsafeRawBufferPointer {
    guard let first else { throw PluginError("XX000", "an Arrow array lacks its values") }
    return UnsafeRawBufferPointer(start: first + (offset &+ row) &* width, count: width)
  }

  /// A value of variable length.
  public func bytes(_ row: Int) throws(PluginError) -> UnsafeRawBufferPointer {
    guard let first else { throw PluginError("XX000", "an Arrow array lacks its offsets") }
    let place = offset &+ row
    let (start, end): (Int, Int)
    if hasLargeOffsets {
      start = Int(first.loadUnaligned(fromByteOffset: place &* 8, as: Int64.self))
      end = Int(first.loadUnaligned(fromByteOffset: place &* 8 &+ 8, as: Int64.self))
    } else {
      start = Int(first.loadUnaligned(fromByteOffset: place &* 4, as: Int32.self))
      end = Int(first.loadUnaligned(fromByteOffset: place &* 4 &+ 4, as: Int32.self))
    }
    guard start >= 0, end >= start else { throw PluginError("XX000", "an Arrow array's offsets are not in order") }
    guard let second, end > start else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: second + start, count: end &- start)
  }
}
