// ArrowBuilder owns rows on their way out of a backend: columns that grow by values and leave as Arrow C arrays.

public import CApusABI
import Glibc

/// One column that grows. Buffers are in Arrow's layout from the start and leave without a copy.
public final class ArrowColumnBuilder {
  public enum Layout: Sendable, Equatable {
    case boolean
    /// Values of this many bytes.
    case fixed(Int)
    /// Offsets of 32 bits, and bytes.
    case bytes
  }

  public let layout: Layout
  public private(set) var count = 0
  private var nullCount = 0
  private let data = GrowingBytes()
  private let offsets = GrowingBytes()
  /// Empty until the first null.
  private let validity = GrowingBytes()

  public init(_ layout: Layout) { self.layout = layout }

  /// Bytes that the values take.
  public var byteCount: Int { data.count }

  private func appendValidity(_ isValid: Bool) throws(PluginError) {
    if !isValid, nullCount == 0 {
      try validity.append(zeros: count / 8 &+ 1)
      for byte in 0..<(count / 8) { validity.orByte(0xFF, at: byte) }
      validity.orByte((1 << UInt8(truncatingIfNeeded: count % 8)) &- 1, at: count / 8)
    }
    if nullCount > 0 || !isValid {
      if validity.count <= count / 8 { try validity.append(zeros: 1) }
      if isValid { validity.orByte(1 << UInt8(truncatingIfNeeded: count % 8), at: count / 8) }
    }
    if !isValid { nullCount &+= 1 }
  }

  public func appendNull() throws(PluginError) {
    try appendValidity(false)
    switch layout {
    case .boolean: if data.count <= count / 8 { try data.append(zeros: 1) }
    case .fixed(let width): try data.append(zeros: width)
    case .bytes: try appendOffset()
    }
    count &+= 1
  }

  public func append(_ flag: Bool) throws(PluginError) {
    try appendValidity(true)
    if data.count <= count / 8 { try data.append(zeros: 1) }
    if flag { data.orByte(1 << UInt8(truncatingIfNeeded: count % 8), at: count / 8) }
    count &+= 1
  }

  /// A value of the layout's width.
  public func append<T: BitwiseCopyable>(_ value: T) throws(PluginError) {
    try appendValidity(true)
    try data.append(value)
    count &+= 1
  }

  /// A value of variable length, or one of the layout's width given as bytes.
  public func append(bytes: UnsafeRawBufferPointer) throws(PluginError) {
    try append { (out) throws(PluginError) in try out.append(bytes) }
  }

  /// A value that `body` appends to the column's bytes.
  public func append(_ body: (GrowingBytes) throws(PluginError) -> Void) throws(PluginError) {
    try appendValidity(true)
    if layout == .bytes, offsets.count == 0 { try offsets.append(Int32(0)) }
    try body(data)
    if layout == .bytes { try appendOffset() }
    count &+= 1
  }

  private func appendOffset() throws(PluginError) {
    if offsets.count == 0 { try offsets.append(Int32(0)) }
    guard let end = Int32(exactly: data.count) else {
      throw PluginError("54000", "the values of one column of a batch take more than 2 GiB")
    }
    try offsets.append(end)
  }

  /// Gives the column away; what is left is empty.
  func give(to array: UnsafeMutablePointer<ArrowArray>) throws(PluginError) {
    let owned = try OwnedArray(bufferCount: layout == .bytes ? 3 : 2, childCount: 0)
    if nullCount > 0 { owned.buffers[0] = UnsafeRawPointer(try validity.take()) }
    if layout == .bytes {
      if offsets.count == 0 { try offsets.append(Int32(0)) }
      owned.buffers[1] = UnsafeRawPointer(try offsets.take())
      owned.buffers[2] = UnsafeRawPointer(try data.take())
    } else {
      owned.buffers[1] = UnsafeRawPointer(try data.take())
    }
    owned.fill(array, count: count, nullCount: nullCount)
    validity.removeAll()
    count = 0
    nullCount = 0
  }
}

/// The memory behind one exported array, freed by its release callback.
final class OwnedArray {
  let buffers: UnsafeMutablePointer<UnsafeRawPointer?>
  let bufferCount: Int
  let children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>
  let childCount: Int

  init(bufferCount: Int, childCount: Int) throws(PluginError) {
    self.bufferCount = bufferCount
    self.childCount = childCount
    buffers = .allocate(capacity: max(bufferCount, 1))
    buffers.initialize(repeating: nil, count: max(bufferCount, 1))
    children = .allocate(capacity: max(childCount, 1))
    children.initialize(repeating: nil, count: max(childCount, 1))
  }

  deinit {
    for index in 0..<bufferCount { free(UnsafeMutableRawPointer(mutating: buffers[index])) }
    for index in 0..<childCount {
      guard let child = children[index] else { continue }
      if let release = child.pointee.release { release(child) }
      child.deallocate()
    }
    buffers.deallocate()
    children.deallocate()
  }

  func fill(_ array: UnsafeMutablePointer<ArrowArray>, count: Int, nullCount: Int) {
    var filled = ArrowArray()
    filled.length = Int64(count)
    filled.null_count = Int64(nullCount)
    filled.offset = 0
    filled.n_buffers = Int64(bufferCount)
    filled.n_children = Int64(childCount)
    filled.buffers = buffers
    filled.children = childCount == 0 ? nil : children
    filled.dictionary = nil
    filled.private_data = Unmanaged.passRetained(self).toOpaque()
    filled.release = { array in
      guard let array, let owner = array.pointee.private_data else { return }
      array.pointee.private_data = nil
      array.pointee.release = nil
      Unmanaged<OwnedArray>.fromOpaque(owner).release()
    }
    array.initialize(to: filled)
  }
}

/// Rows that grow column by column and leave as one struct array.
public final class ArrowBatchBuilder {
  public let columns: [ArrowColumnBuilder]
  /// Rows so far, kept by the caller: a batch may have rows and no columns.
  public var rowCount = 0

  public init(_ layouts: [ArrowColumnBuilder.Layout]) { columns = layouts.map { ArrowColumnBuilder($0) } }

  public var byteCount: Int { columns.reduce(0) { $0 &+ $1.byteCount } }

  /// Gives the rows away and starts anew.
  public func give(to array: UnsafeMutablePointer<ArrowArray>) throws(PluginError) {
    let owned = try OwnedArray(bufferCount: 1, childCount: columns.count)
    for (index, column) in columns.enumerated() {
      let child = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
      child.initialize(to: ArrowArray())
      owned.children[index] = child
      try column.give(to: child)
    }
    owned.fill(array, count: rowCount, nullCount: 0)
    rowCount = 0
  }
}
