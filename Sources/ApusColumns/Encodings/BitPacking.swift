// BitPacking owns the layout of unsigned numbers of 1 to 64 bits: blocks of 1,024 values whose words are interleaved,
// so that plain loops over the lanes vectorise, and a sequential tail for what is left.
//
// A full block of width w takes 128 * w bytes. Its lanes are UInt8 (w <= 8), UInt16 (<= 16), UInt32 (<= 32) or UInt64:
// value i lies in lane i % lanes, which holds its values one after the other from the lowest bit up. (The idea is
// FastLanes', Afroozeh and Boncz, VLDB 2023.)

enum BitPacking {
  static let blockValues = 1_024

  /// The bytes of `count` values.
  static func byteCount(count: Int, width: Int) -> Int {
    if width == 0 { return 0 }
    let rest = count & (blockValues - 1)
    return (count >> 10) * 128 * width + (rest == 0 ? 0 : tailByteCount(count: rest, width: width))
  }

  /// The bytes of a tail: eight more than its bits need, so that whole words can be loaded.
  static func tailByteCount(count: Int, width: Int) -> Int { width == 0 ? 0 : (count * width + 7) / 8 + 8 }

  @inline(__always)
  static func bitWidth(_ value: UInt64) -> Int { 64 - value.leadingZeroBitCount }

  @inline(__always)
  static func mask(_ width: Int) -> UInt64 { width >= 64 ? .max : (1 &<< UInt64(width)) &- 1 }

  // MARK: Packing

  /// Appends `count` values of at most `width` bits. The writer's count must be a multiple of 8.
  static func append<S: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ values: UnsafePointer<S>, count: Int, width: Int, to writer: ChunkWriter
  ) {
    if width == 0 { return }
    let target = writer.extend(byteCount(count: count, width: width))
    for block in 0..<(count >> 10) {
      let source = values + block * blockValues
      let out = target + block * 128 * width
      switch width {
      case ...8: packBlock(source, UInt8.self, width, out)
      case ...16: packBlock(source, UInt16.self, width, out)
      case ...32: packBlock(source, UInt32.self, width, out)
      default: packBlock(source, UInt64.self, width, out)
      }
    }
    let rest = count & (blockValues - 1)
    guard rest > 0 else { return }
    let out = target + (count >> 10) * 128 * width
    out.initializeMemory(as: UInt8.self, repeating: 0, count: tailByteCount(count: rest, width: width))
    packTail(values + (count - rest), count: rest, width: width, out)
  }

  @inline(__always)
  private static func packBlock<
    S: FixedWidthInteger & UnsignedInteger & BitwiseCopyable, T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
  >(
    _ source: UnsafePointer<S>, _: T.Type, _ width: Int, _ target: UnsafeMutableRawPointer
  ) {
    let bits = T.bitWidth
    let lanes = blockValues / bits
    let out = target.assumingMemoryBound(to: T.self)
    out.update(repeating: 0, count: lanes * width)
    for position in 0..<bits {
      let bit = position * width
      let shift = bit % bits
      let word = out + bit / bits * lanes
      let values = source + position * lanes
      for lane in 0..<lanes { word[lane] |= T(truncatingIfNeeded: values[lane]) &<< T(truncatingIfNeeded: shift) }
      if shift + width > bits {
        let back = T(truncatingIfNeeded: bits - shift)
        for lane in 0..<lanes { word[lanes + lane] |= T(truncatingIfNeeded: values[lane]) &>> back }
      }
    }
  }

  private static func packTail<S: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ source: UnsafePointer<S>, count: Int, width: Int, _ target: UnsafeMutableRawPointer
  ) {
    for index in 0..<count {
      let bit = index * width
      let byte = bit >> 3
      let shift = UInt64(bit & 7)
      let value = UInt64(truncatingIfNeeded: source[index])
      let low = target.loadUnaligned(fromByteOffset: byte, as: UInt64.self) | (value &<< shift)
      target.storeBytes(of: low, toByteOffset: byte, as: UInt64.self)
      if Int(shift) + width > 64 {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: value &>> (64 &- shift)), toByteOffset: byte + 8, as: UInt8.self)
      }
    }
  }

  // MARK: Unpacking

  /// One full block into lanes of its own type, which `width` must select.
  @inline(__always)
  static func unpackLanes<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ width: Int, _ out: UnsafeMutablePointer<T>
  ) {
    let bits = T.bitWidth
    let lanes = blockValues / bits
    let words = source.assumingMemoryBound(to: T.self)
    let mask = T(truncatingIfNeeded: mask(width))
    for position in 0..<bits {
      let bit = position &* width
      let shift = T(truncatingIfNeeded: bit & (bits - 1))
      let word = words + (bit / bits) * lanes
      let target = out + position * lanes
      if Int(shift) + width > bits {
        let back = T(truncatingIfNeeded: bits) &- shift
        let next = word + lanes
        for lane in 0..<lanes { target[lane] = ((word[lane] &>> shift) | (next[lane] &<< back)) & mask }
      } else {
        for lane in 0..<lanes { target[lane] = (word[lane] &>> shift) & mask }
      }
    }
  }

  /// `count` values of a tail. The source has `tailByteCount` bytes.
  @inline(__always)
  static func unpackTail<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, count: Int, width: Int, _ out: UnsafeMutablePointer<T>
  ) {
    let mask = mask(width)
    for index in 0..<count {
      let bit = index &* width
      let byte = bit >> 3
      let shift = UInt64(truncatingIfNeeded: bit & 7)
      var value = source.loadUnaligned(fromByteOffset: byte, as: UInt64.self) &>> shift
      if Int(truncatingIfNeeded: shift) &+ width > 64 {
        let high = source.load(fromByteOffset: byte &+ 8, as: UInt8.self)
        value |= UInt64(high) &<< (64 &- shift)
      }
      out[index] = T(truncatingIfNeeded: value & mask)
    }
  }

  /// One block (or the tail, if `count` is below 1,024) widened to 64 bits. `out` has room for 1,024 values.
  static func unpack(_ source: UnsafeRawPointer, count: Int, width: Int, _ out: UnsafeMutablePointer<UInt64>) {
    if width == 0 {
      out.update(repeating: 0, count: count)
    } else if count < blockValues {
      unpackTail(source, count: count, width: width, out)
    } else if width <= 8 {
      widen(source, width, UInt8.self, out)
    } else if width <= 16 {
      widen(source, width, UInt16.self, out)
    } else if width <= 32 {
      widen(source, width, UInt32.self, out)
    } else {
      unpackLanes(source, width, out)
    }
  }

  @inline(__always)
  private static func widen<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ width: Int, _: T.Type, _ out: UnsafeMutablePointer<UInt64>
  ) {
    withUnsafeTemporaryAllocation(of: T.self, capacity: blockValues) { scratch in
      guard let lanes = scratch.baseAddress else { return }
      unpackLanes(source, width, lanes)
      for index in 0..<blockValues { out[index] = UInt64(truncatingIfNeeded: lanes[index]) }
    }
  }
}
