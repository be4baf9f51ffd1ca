// HyperLogLogs owns approximate sets of 64-bit hashes, one per group, and their byte format.

public import ApusBase
public import ApusColumns

/// Many HyperLogLog sketches (Flajolet et al. 2007) of 2^14 registers. Up to 1,024 hashes are kept as they are: small
/// groups cost little memory and are counted exactly. Beyond, the estimate is Ertl's ("New cardinality estimation
/// algorithms for HyperLogLog sketches", 2017), with a standard error of 0.81 %. A sketch depends on the set of hashes
/// alone, neither on their order nor on how they were merged. Not thread-safe.
public final class HyperLogLogs {
  public static let precision = 14
  static let registerCount = 1 << precision
  /// More hashes than this make a sketch dense.
  static let sparseMax = 1024

  private struct Sketch {
    /// Hashes, 0 for an empty slot (the hash 0 is taken for 1); or registers, a byte each.
    var memory: UnsafeMutableRawPointer?
    /// Slots minus one while sparse.
    var mask: Int32
    /// Hashes while sparse, -1 when dense.
    var count: Int32
  }
  private var sketches: UnsafeMutablePointer<Sketch>
  private var capacity = 1
  private var groupCount = 0
  private var heldBytes = 0

  public init() { sketches = .allocate(capacity: 1) }

  deinit {
    for group in 0..<groupCount { sketches[group].memory?.deallocate() }
    sketches.deallocate()
  }

  public var byteCount: Int { capacity * MemoryLayout<Sketch>.stride + heldBytes }

  public func grow(to groups: Int) {
    guard groups > groupCount else { return }
    if groups > capacity {
      let size = max(groups, capacity * 2)
      let larger = UnsafeMutablePointer<Sketch>.allocate(capacity: size)
      larger.moveInitialize(from: sketches, count: groupCount)
      sketches.deallocate()
      sketches = larger
      capacity = size
    }
    (sketches + groupCount).initialize(
      repeating: Sketch(memory: nil, mask: -1, count: 0), count: groups - groupCount)
    groupCount = groups
  }

  /// Adds a value by its hash, whose bits must be well mixed.
  @inline(__always)
  public func insert(_ hash: UInt64, _ group: Int) {
    let sketch = sketches[group]
    if sketch.count < 0, let memory = sketch.memory {
      Self.raise(memory.assumingMemoryBound(to: UInt8.self), hash)
    } else {
      insertSparse(hash, group)
    }
  }

  /// Adds rows by their hashes, all to group 0 or each to its own.
  public func insert(
    hashes: UnsafePointer<UInt64>, validity: Bitmap?, count: Int, groups: UnsafePointer<UInt32>?
  ) {
    for row in 0..<count {
      if let validity, !validity[row] { continue }
      insert(hashes[row], groups.map { Int($0[row]) } ?? 0)
    }
  }

  /// Adds rows by their codes into a table of hashes.
  public func insert(
    codes: Buffer, width: Int, hashes: UnsafePointer<UInt64>, validity: Bitmap?, count: Int,
    groups: UnsafePointer<UInt32>?
  ) {
    switch width {
    case 1: insert(codes.read(UInt8.self), hashes, validity, count, groups)
    case 2: insert(codes.read(UInt16.self), hashes, validity, count, groups)
    default: insert(codes.read(UInt32.self), hashes, validity, count, groups)
    }
  }

  @inline(__always)
  private func insert<T: FixedWidthInteger>(
    _ codes: UnsafePointer<T>, _ hashes: UnsafePointer<UInt64>, _ validity: Bitmap?, _ count: Int,
    _ groups: UnsafePointer<UInt32>?
  ) {
    for row in 0..<count {
      if let validity, !validity[row] { continue }
      insert(hashes[Int(truncatingIfNeeded: codes[row])], groups.map { Int($0[row]) } ?? 0)
    }
  }

  @inline(__always)
  private static func raise(_ registers: UnsafeMutablePointer<UInt8>, _ hash: UInt64) {
    let index = Int(truncatingIfNeeded: hash >> UInt64(64 - precision))
    let rest = hash &<< UInt64(precision) | (1 &<< UInt64(precision - 1))
    let rank = UInt8(truncatingIfNeeded: rest.leadingZeroBitCount &+ 1)
    if rank > registers[index] { registers[index] = rank }
  }

  private func insertSparse(_ hash: UInt64, _ group: Int) {
    let key = hash == 0 ? 1 : hash
    if let memory = sketches[group].memory {
      let slots = memory.assumingMemoryBound(to: UInt64.self)
      let mask = Int(sketches[group].mask)
      var slot = Int(truncatingIfNeeded: key >> 24) & mask
      while slots[slot] != 0 {
        if slots[slot] == key { return }
        slot = (slot &+ 1) & mask
      }
      if Int(sketches[group].count) < Self.sparseMax, Int(sketches[group].count) &* 2 < mask {
        slots[slot] = key
        sketches[group].count &+= 1
        return
      }
    }
    enlarge(group)
    insert(hash, group)
  }

  /// A table of twice the size, or registers.
  private func enlarge(_ group: Int) {
    let old = sketches[group]
    let size = old.memory == nil ? 4 : (Int(old.mask) + 1) * 2
    if Int(old.count) >= Self.sparseMax { return makeDense(group) }
    let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    forEachHash(group) { key in
      var slot = Int(truncatingIfNeeded: key >> 24) & (size - 1)
      while slots[slot] != 0 { slot = (slot &+ 1) & (size - 1) }
      slots[slot] = key
    }
    replace(group, UnsafeMutableRawPointer(slots), bytes: size * 8, mask: Int32(size - 1), count: old.count)
  }

  private func makeDense(_ group: Int) {
    let registers = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.registerCount)
    registers.initialize(repeating: 0, count: Self.registerCount)
    forEachHash(group) { Self.raise(registers, $0) }
    replace(group, UnsafeMutableRawPointer(registers), bytes: Self.registerCount, mask: -1, count: -1)
  }

  private func replace(_ group: Int, _ memory: UnsafeMutableRawPointer, bytes: Int, mask: Int32, count: Int32) {
    if let old = sketches[group].memory {
      old.deallocate()
      heldBytes -= (Int(sketches[group].mask) + 1) * 8
    }
    heldBytes += bytes
    sketches[group] = Sketch(memory: memory, mask: mask, count: count)
  }

  private func forEachHash(_ group: Int, _ body: (UInt64) -> Void) {
    guard sketches[group].count >= 0, let memory = sketches[group].memory else { return }
    let slots = memory.assumingMemoryBound(to: UInt64.self)
    for slot in 0...Int(sketches[group].mask) where slots[slot] != 0 { body(slots[slot]) }
  }

  private func registers(_ group: Int) -> UnsafeMutablePointer<UInt8>? {
    sketches[group].count < 0 ? sketches[group].memory?.assumingMemoryBound(to: UInt8.self) : nil
  }

  /// Adds another's groups: its group i to this one's `mapping[i]`.
  public func merge(_ other: HyperLogLogs, mapping: UnsafePointer<UInt32>, count: Int) {
    for group in 0..<count {
      let target = Int(mapping[group])
      if let theirs = other.registers(group) {
        mergeRegisters(theirs, target)
      } else {
        other.forEachHash(group) { insert($0, target) }
      }
    }
  }

  private func mergeRegisters(_ theirs: UnsafePointer<UInt8>, _ group: Int) {
    if sketches[group].count >= 0 { makeDense(group) }
    guard let mine = registers(group) else { return }
    for index in 0..<Self.registerCount { mine[index] = max(mine[index], theirs[index]) }
  }

  // MARK: Estimate

  /// How many distinct values a group has, about.
  public func estimate(_ group: Int) -> Int64 {
    guard let registers = registers(group) else { return Int64(sketches[group].count) }
    var histogram = [Int](repeating: 0, count: 64)
    for index in 0..<Self.registerCount { histogram[Int(registers[index] & 63)] += 1 }
    let m = Double(Self.registerCount)
    let last = 64 - Self.precision
    var z = m * Self.tau((m - Double(histogram[last + 1])) / m)
    for rank in stride(from: last, through: 1, by: -1) { z = 0.5 * (z + Double(histogram[rank])) }
    z += m * Self.sigma(Double(histogram[0]) / m)
    let estimate = m * m / (2 * 0.693_147_180_559_945_3 * z)
    return Int64(exactly: estimate.rounded()) ?? Int64.max
  }

  private static func tau(_ value: Double) -> Double {
    if value == 0 || value == 1 { return 0 }
    var x = value
    var y = 1.0
    var z = 1 - x
    while true {
      x = x.squareRoot()
      y *= 0.5
      let next = z - (1 - x) * (1 - x) * y
      if next == z { return z / 3 }
      z = next
    }
  }

  private static func sigma(_ value: Double) -> Double {
    if value == 1 { return .infinity }
    var x = value
    var y = 1.0
    var z = x
    while true {
      x *= x
      let next = z + x * y
      y += y
      if next == z { return z }
      z = next
    }
  }

  // MARK: Bytes

  /// The first byte of the format: which sketch it is.
  public static let kind: UInt8 = 0x48
  private static let version: UInt8 = 1

  /// kind, version, precision, form (0: a varint count and that many ascending hashes; 1: registers of six bits).
  public func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    for byte in [Self.kind, Self.version, UInt8(Self.precision)] { writer.byte(byte) }
    guard let registers = registers(group) else {
      var hashes: [UInt64] = []
      forEachHash(group) { hashes.append($0) }
      hashes.sort()
      writer.byte(0)
      writer.varint(UInt64(hashes.count))
      for hash in hashes { writer.littleEndian(hash) }
      return writer.bytes
    }
    writer.byte(1)
    for index in stride(from: 0, to: Self.registerCount, by: 4) {
      var word: UInt32 = 0
      for part in 0..<4 { word |= UInt32(registers[index + part] & 63) << UInt32(part * 6) }
      for part in 0..<3 { writer.byte(UInt8(truncatingIfNeeded: word >> UInt32(part * 8))) }
    }
    return writer.bytes
  }

  /// Merges such bytes into a group. Throws XX001 for bytes that `serialise` cannot have made.
  public func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, "hyperloglog state \(what)") }
    guard bytes.count >= 5, bytes[0] == Self.kind else { throw damaged("is not one") }
    guard bytes[1] == Self.version, bytes[2] == UInt8(Self.precision) else { throw damaged("of an unknown version") }
    if bytes[3] == 1 {
      let packed = Self.registerCount / 4 * 3
      guard bytes.count == 4 + packed else { throw damaged("of \(bytes.count) bytes") }
      var registers = [UInt8](repeating: 0, count: Self.registerCount)
      for index in 0..<Self.registerCount / 4 {
        let at = 4 + index * 3
        let word = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
        for part in 0..<4 {
          let rank = UInt8(truncatingIfNeeded: word >> UInt32(part * 6)) & 63
          guard rank <= 64 - Self.precision + 1 else { throw damaged("has rank \(rank)") }
          registers[index * 4 + part] = rank
        }
      }
      registers.withUnsafeBufferPointer { raw in
        if let base = raw.baseAddress { mergeRegisters(base, group) }
      }
      return
    }
    guard bytes[3] == 0 else { throw damaged("has form \(bytes[3])") }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[4...]))
    do throws(ByteReader.Underflow) {
      let count = try reader.varint()
      guard count <= UInt64(Self.sparseMax), reader.remaining == Int(count) * 8 else {
        throw ByteReader.Underflow(offset: reader.offset)
      }
      for _ in 0..<count { insert(try reader.littleEndian(UInt64.self), group) }
    } catch {
      throw damaged("ends at byte \(error.offset)")
    }
  }
}
