// TextColumnBuilder owns the building of a text column while its cardinality is still unknown: a dictionary through an
// open-addressing hash table, turned into plain bytes as soon as most values prove distinct.

/// The present values of a bytes column, in order. Appending is the hot loop of ingest: raw pointers, no closures.
public struct TextColumnBuilder: ~Copyable {
  public private(set) var count = 0
  private(set) var isDictionary = true
  /// Whether the values are known to repeat, so that their share is not looked at.
  private let isMapping: Bool

  /// Dictionary form: codes by value; entries by code.
  private var codes: UnsafeMutablePointer<UInt32>
  private var codeCapacity: Int
  private var entryCount = 0
  /// (hash << 32) | (code + 1); zero is free.
  private var table: UnsafeMutablePointer<UInt64>
  private var mask: Int
  /// The next count at which the share of distinct values is looked at.
  private var nextCheck = 64

  /// Ends of the entries (dictionary) or of the values (plain), after a leading zero.
  private var offsets: UnsafeMutablePointer<Int32>
  private var offsetCapacity: Int
  private var data: UnsafeMutableRawPointer
  private var dataCapacity: Int
  private(set) var byteCount = 0
  /// Rows without a value, ascending. Their code is `nullCode`, their text empty.
  private var nullRows: [UInt32] = []
  private static var nullCode: UInt32 { .max }

  /// Probes after which the table is given up: chosen values must not make appending quadratic.
  private static var probesMax: Int { 128 }

  public init() { self.init(isMapping: false) }

  init(isMapping: Bool) {
    self.isMapping = isMapping
    codeCapacity = 16
    codes = .allocate(capacity: codeCapacity)
    mask = 31
    table = .allocate(capacity: 32)
    table.initialize(repeating: 0, count: 32)
    offsetCapacity = 16
    offsets = .allocate(capacity: offsetCapacity)
    offsets[0] = 0
    dataCapacity = 128
    data = .allocate(byteCount: dataCapacity, alignment: 16)
  }

  deinit {
    codes.deallocate()
    table.deallocate()
    offsets.deallocate()
    data.deallocate()
  }

  /// Whether `more` bytes still fit the Int32 offsets.
  public func fits(_ more: Int) -> Bool { byteCount &+ more <= Int(Int32.max) }

  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { append(base, bytes.count) } else { append(UnsafeRawPointer(data), 0) }
  }

  /// Appends `length` bytes, which must fit (`fits`).
  public mutating func append(_ bytes: UnsafeRawPointer, _ length: Int) {
    if !isDictionary {
      addEntry(bytes, length, index: count)
      count &+= 1
      return
    }
    let hash = Self.hash(bytes, length)
    var slot = Int(hash) & mask
    var probes = 0
    while true {
      let found = table[slot]
      if found == 0 {
        insert(bytes, length, hash, slot)
        return
      }
      if UInt32(truncatingIfNeeded: found >> 32) == hash {
        let code = Int(found & 0xFFFF_FFFF) &- 1
        let start = Int(offsets[code])
        if Int(offsets[code &+ 1]) &- start == length, length == 0 || equalBytes(data + start, bytes, length) {
          push(UInt32(truncatingIfNeeded: code))
          return
        }
      }
      slot = (slot &+ 1) & mask
      probes &+= 1
      if probes > Self.probesMax {
        becomePlain()
        append(bytes, length)
        return
      }
    }
  }

  /// Appends a row without a value.
  public mutating func appendNull() {
    nullRows.append(UInt32(truncatingIfNeeded: count))
    if isDictionary {
      push(Self.nullCode)
    } else {
      addEntry(UnsafeRawPointer(data), 0, index: count)
      count &+= 1
    }
  }

  @inline(__always)
  private mutating func push(_ code: UInt32) {
    if count == codeCapacity { growCodes() }
    codes[count] = code
    count &+= 1
  }

  private mutating func insert(_ bytes: UnsafeRawPointer, _ length: Int, _ hash: UInt32, _ slot: Int) {
    if count >= nextCheck, !isMapping {
      nextCheck = count &* 2
      if entryCount &* 4 > (count &- nullRows.count) &* 3 {
        becomePlain()
        addEntry(bytes, length, index: count)
        count &+= 1
        return
      }
    }
    addEntry(bytes, length, index: entryCount)
    table[slot] = UInt64(hash) &<< 32 | UInt64(truncatingIfNeeded: entryCount &+ 1)
    push(UInt32(truncatingIfNeeded: entryCount))
    entryCount &+= 1
    if entryCount &* 2 > mask { growTable() }
  }

  private mutating func addEntry(_ bytes: UnsafeRawPointer, _ length: Int, index: Int) {
    if byteCount &+ length > dataCapacity { growData(length) }
    if index &+ 2 > offsetCapacity { growOffsets() }
    (data + byteCount).copyMemory(from: bytes, byteCount: length)
    byteCount &+= length
    offsets[index &+ 1] = Int32(truncatingIfNeeded: byteCount)
  }

  /// Takes back the last value. Its dictionary entry stays.
  mutating func removeLast() {
    guard count > 0 else { return }
    count &-= 1
    if let last = nullRows.last, Int(last) == count { nullRows.removeLast() }
    if !isDictionary { byteCount = Int(offsets[count]) }
  }

  private mutating func growCodes() {
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: codeCapacity * 2)
    larger.update(from: codes, count: count)
    codes.deallocate()
    codes = larger
    codeCapacity *= 2
  }

  private mutating func growData(_ more: Int) {
    let capacity = max(dataCapacity * 2, byteCount + more)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: data, byteCount: byteCount)
    data.deallocate()
    data = larger
    dataCapacity = capacity
  }

  private mutating func growOffsets() {
    let larger = UnsafeMutablePointer<Int32>.allocate(capacity: offsetCapacity * 2)
    larger.update(from: offsets, count: offsetCapacity)
    offsets.deallocate()
    offsets = larger
    offsetCapacity *= 2
  }

  private mutating func growTable() {
    let size = (mask + 1) * 2
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: size)
    larger.initialize(repeating: 0, count: size)
    for slot in 0...mask {
      let entry = table[slot]
      if entry == 0 { continue }
      var place = Int(entry >> 32) & (size - 1)
      while larger[place] != 0 { place = (place &+ 1) & (size - 1) }
      larger[place] = entry
    }
    table.deallocate()
    table = larger
    mask = size - 1
  }

  /// Most values are distinct: from here on each is stored where it stands.
  private mutating func becomePlain() {
    var total = 0
    for index in 0..<count where codes[index] != Self.nullCode {
      let code = Int(codes[index])
      total &+= Int(offsets[code &+ 1] &- offsets[code])
    }
    let plainCapacity = max(offsetCapacity, codeCapacity + 2)
    let plainOffsets = UnsafeMutablePointer<Int32>.allocate(capacity: plainCapacity)
    let room = max(dataCapacity, total * 2)
    let plainData = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
    plainOffsets[0] = 0
    var at = 0
    for index in 0..<count {
      if codes[index] == Self.nullCode {
        plainOffsets[index &+ 1] = Int32(truncatingIfNeeded: at)
        continue
      }
      let code = Int(codes[index])
      let start = Int(offsets[code])
      let length = Int(offsets[code &+ 1]) &- start
      (plainData + at).copyMemory(from: data + start, byteCount: length)
      at &+= length
      plainOffsets[index &+ 1] = Int32(truncatingIfNeeded: at)
    }
    offsets.deallocate()
    data.deallocate()
    offsets = plainOffsets
    offsetCapacity = plainCapacity
    data = plainData
    dataCapacity = room
    byteCount = at
    isDictionary = false
  }

  /// wyhash's mixing (Wang Yi, github.com/wangyi-fudan/wyhash, public domain), 32 bits of it.
  @inline(__always)
  static func hash(_ bytes: UnsafeRawPointer, _ length: Int) -> UInt32 {
    var a: UInt64
    var b: UInt64
    var seed: UInt64 = 0xA076_1D64_78BD_642F
    if length <= 16 {
      if length >= 8 {
        a = bytes.loadUnaligned(as: UInt64.self)
        b = bytes.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
      } else if length >= 4 {
        a = UInt64(bytes.loadUnaligned(as: UInt32.self))
        b = UInt64(bytes.loadUnaligned(fromByteOffset: length &- 4, as: UInt32.self))
      } else if length > 0 {
        a = UInt64(bytes.load(as: UInt8.self)) &<< 16
        a |= UInt64(bytes.load(fromByteOffset: length &>> 1, as: UInt8.self)) &<< 8
        a |= UInt64(bytes.load(fromByteOffset: length &- 1, as: UInt8.self))
        b = 0
      } else {
        a = 0
        b = 0
      }
    } else {
      var at = 0
      while at &+ 16 < length {
        seed = mix(
          bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ 0xE703_7ED1_A0B4_28DB,
          bytes.loadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self) ^ seed)
        at &+= 16
      }
      a = bytes.loadUnaligned(fromByteOffset: length &- 16, as: UInt64.self)
      b = bytes.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
    }
    let mixed = mix(a ^ 0xE703_7ED1_A0B4_28DB, b ^ seed)
    return UInt32(truncatingIfNeeded: mix(mixed ^ 0x8EBC_6AF0_9C88_C6E3, UInt64(length) ^ 0x5899_65CC_7537_4CC3) >> 32)
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  /// The values as a vector of `type` (a bytes type), and the builder anew.
  public mutating func finish(as type: DataType) -> Vector {
    if isDictionary, count < 64, entryCount &* 2 > count { becomePlain() }
    var validity: Bitmap?
    if !nullRows.isEmpty {
      let bits = Bitmap(repeating: true, count: count)
      for row in nullRows {
        bits.clear(Int(row))
        if isDictionary { codes[Int(row)] = 0 }
      }
      validity = bits
    }
    let vector = isDictionary ? dictionaryVector(type, validity) : plainVector(type, validity)
    reset()
    return vector
  }

  private func plainVector(_ type: DataType, _ validity: Bitmap?) -> Vector {
    let outOffsets = Buffer(byteCount: (count + 1) * 4)
    outOffsets.address.copyMemory(from: offsets, byteCount: (count + 1) * 4)
    let outData = Buffer(byteCount: byteCount)
    outData.address.copyMemory(from: data, byteCount: byteCount)
    return Vector(type: type, count: count, validity: validity, storage: .bytes(offsets: outOffsets, data: outData))
  }

  private func dictionaryVector(_ type: DataType, _ validity: Bitmap?) -> Vector {
    let entryOffsets = Buffer(byteCount: (entryCount + 1) * 4)
    entryOffsets.address.copyMemory(from: offsets, byteCount: (entryCount + 1) * 4)
    let entries = Buffer(byteCount: byteCount)
    entries.address.copyMemory(from: data, byteCount: byteCount)
    let dictionary = ByteDictionary(count: entryCount, offsets: entryOffsets, data: entries, isSorted: entryCount < 2)
    let width = entryCount <= 256 ? 1 : entryCount <= 65_536 ? 2 : 4
    let out = Buffer(byteCount: count * width)
    switch width {
    case 1:
      let target = out.write(UInt8.self)
      for index in 0..<count { target[index] = UInt8(truncatingIfNeeded: codes[index]) }
    case 2:
      let target = out.write(UInt16.self)
      for index in 0..<count { target[index] = UInt16(truncatingIfNeeded: codes[index]) }
    default: out.address.copyMemory(from: codes, byteCount: count * 4)
    }
    return Vector(
      type: type, count: count, validity: validity,
      storage: .dictionary(codes: out, width: width, dictionary: dictionary))
  }

  /// The distinct values, and the code of each appended value; nil when hashing was given up.
  func mapping() -> (dictionary: ByteDictionary, codes: [UInt32])? {
    guard isDictionary, nullRows.isEmpty else { return nil }
    let entryOffsets = Buffer(byteCount: (entryCount + 1) * 4)
    entryOffsets.address.copyMemory(from: offsets, byteCount: (entryCount + 1) * 4)
    let entries = Buffer(byteCount: byteCount)
    entries.address.copyMemory(from: data, byteCount: byteCount)
    let dictionary = ByteDictionary(count: entryCount, offsets: entryOffsets, data: entries, isSorted: entryCount < 2)
    return (dictionary, Array(UnsafeBufferPointer(start: codes, count: count)))
  }

  private mutating func reset() {
    count = 0
    entryCount = 0
    byteCount = 0
    offsets[0] = 0
    nextCheck = 64
    isDictionary = true
    nullRows.removeAll(keepingCapacity: true)
    table.update(repeating: 0, count: mask + 1)
  }
}
