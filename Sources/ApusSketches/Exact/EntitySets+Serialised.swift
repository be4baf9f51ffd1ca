// The byte format of sets of entity ids: an array of gaps for few, else a Roaring bitmap.
//
// Roaring's portable format (github.com/RoaringBitmap/RoaringFormatSpec) is read and written here and not by CRoaring:
// states are merged by the hundred thousand, straight into the set they belong to, and their bytes come from disk,
// which CRoaring 0.2 takes on trust. The tests hold both to the same bytes.

public import ApusBase

extension EntitySets {
  /// Sets of at most this many members are written as arrays.
  static let arrayMembersMax = 256
  private static let cookie: UInt32 = 12_346
  private static let runCookie: UInt32 = 12_347
  /// With runs, fewer containers than this have no offsets.
  private static let offsetsFrom = 4
  private static let bitmapMembersFrom = 4_097

  // MARK: Writing

  /// A group as bytes: form (0 array, 1 Roaring), then its length as a varint, then
  /// - array: the number of members, the first, and the gap from each to the next less one, as varints;
  /// - Roaring: the portable format, runs wherever they are smaller.
  /// Equal sets give equal bytes.
  public func serialise(_ group: Int, into writer: inout ByteWriter) {
    let count = count(group)
    var body = ByteWriter()
    if count <= Self.arrayMembersMax {
      body.varint(UInt64(count))
      var next: UInt32 = 0
      for id in members(group) {
        body.varint(UInt64(id - next))
        next = id + 1
      }
      writer.byte(0)
    } else {
      writeRoaring(group, into: &body)
      writer.byte(1)
    }
    writer.varint(UInt64(body.count))
    writer.append(body.bytes)
  }

  /// 65,536 ids with one high half.
  private struct Container {
    var key: UInt16
    var members: Int
    var runs: Int
    var bytes: [UInt8]
    var isRuns: Bool
  }

  private func writeRoaring(_ group: Int, into writer: inout ByteWriter) {
    var containers: [Container] = []
    if sets[group].limit > 0, let words = words(group) {
      let total = Int(sets[group].limit >> 6)
      for start in stride(from: 0, to: total, by: 1_024) {
        let chunk = UnsafeBufferPointer(start: words + start, count: min(1_024, total - start))
        if let made = Self.container(UInt16(start >> 10), chunk) { containers.append(made) }
      }
    } else {
      var chunk = [UInt64](repeating: 0, count: 1_024)
      var key: UInt32?
      func finish() {
        guard let key else { return }
        chunk.withUnsafeMutableBufferPointer { words in
          if let made = Self.container(UInt16(key), UnsafeBufferPointer(words)) { containers.append(made) }
          words.update(repeating: 0)
        }
      }
      for id in members(group) {
        if key != id >> 16 { finish() }
        key = id >> 16
        chunk[Int(id & 0xFFFF) >> 6] |= 1 &<< UInt64(id & 63)
      }
      finish()
    }
    Self.write(containers, into: &writer)
  }

  private static func container(_ key: UInt16, _ words: UnsafeBufferPointer<UInt64>) -> Container? {
    var members = 0
    var runs = 0
    var carry: UInt64 = 0
    for word in words {
      members &+= word.nonzeroBitCount
      runs &+= (word & ~(word &<< 1 | carry)).nonzeroBitCount
      carry = word &>> 63
    }
    guard members > 0 else { return nil }
    let plainBytes = members >= bitmapMembersFrom ? 8_192 : members * 2
    // CRoaring takes an array to be two bytes longer than it is written.
    let isRuns = 2 + runs * 4 < (members >= bitmapMembersFrom ? plainBytes : plainBytes + 2)
    var writer = ByteWriter(reserving: min(plainBytes, 2 + runs * 4) + 8)
    if isRuns {
      writer.littleEndian(UInt16(runs))
      forEachRun(words) { first, last in
        writer.littleEndian(UInt16(first))
        writer.littleEndian(UInt16(last - first))
      }
    } else if members >= bitmapMembersFrom {
      for word in words { writer.littleEndian(word) }
      for _ in words.count..<1_024 { writer.littleEndian(UInt64(0)) }
    } else {
      for index in words.indices {
        var word = words[index]
        while word != 0 {
          writer.littleEndian(UInt16(truncatingIfNeeded: index &* 64 &+ word.trailingZeroBitCount))
          word &= word &- 1
        }
      }
    }
    return Container(key: key, members: members, runs: runs, bytes: writer.bytes, isRuns: isRuns)
  }

  /// The runs of set bits, first and last.
  private static func forEachRun(_ words: UnsafeBufferPointer<UInt64>, _ body: (Int, Int) -> Void) {
    let end = words.count * 64
    /// The first bit from `start` that is set (or clear, with all bits flipped); `end` for none.
    func next(_ start: Int, flip: UInt64) -> Int {
      guard start < end else { return end }
      var index = start >> 6
      var word = (words[index] ^ flip) & (.max &<< UInt64(start & 63))
      while word == 0 {
        index += 1
        if index == words.count { return end }
        word = words[index] ^ flip
      }
      return index * 64 + word.trailingZeroBitCount
    }
    var bit = next(0, flip: 0)
    while bit < end {
      let after = next(bit, flip: .max)
      body(bit, after - 1)
      bit = next(after, flip: 0)
    }
  }

  private static func write(_ containers: [Container], into writer: inout ByteWriter) {
    let hasRuns = containers.contains(where: \.isRuns)
    let start = writer.count
    if hasRuns {
      writer.littleEndian(runCookie | UInt32(containers.count - 1) << 16)
      var flags = [UInt8](repeating: 0, count: (containers.count + 7) / 8)
      for (index, container) in containers.enumerated() where container.isRuns {
        flags[index >> 3] |= 1 << UInt8(index & 7)
      }
      writer.append(flags)
    } else {
      writer.littleEndian(cookie)
      writer.littleEndian(UInt32(containers.count))
    }
    for container in containers {
      writer.littleEndian(container.key)
      writer.littleEndian(UInt16(container.members - 1))
    }
    if !hasRuns || containers.count >= offsetsFrom {
      var offset = writer.count - start + containers.count * 4
      for container in containers {
        writer.littleEndian(UInt32(offset))
        offset += container.bytes.count
      }
    }
    for container in containers { writer.append(container.bytes) }
  }

  // MARK: Reading

  /// Adds the members in such bytes, from `offset`, to a group; returns where they end. Throws XX001 for bytes that
  /// `serialise` cannot have made.
  public func merge(
    serialised bytes: UnsafeRawBufferPointer, from offset: Int, into group: Int
  ) throws(ApusError) -> Int {
    var cursor = Cursor(bytes: bytes, offset: offset)
    let form = try cursor.byte()
    let length = try cursor.varint()
    guard length <= bytes.count - cursor.offset else { throw Cursor.damaged("ends early") }
    let end = cursor.offset + length
    cursor = Cursor(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<end]), offset: cursor.offset)
    switch form {
    case 0: try mergeArray(&cursor, into: group)
    case 1: try mergeRoaring(&cursor, into: group)
    default: throw Cursor.damaged("has form \(form)")
    }
    guard cursor.offset == end else { throw Cursor.damaged("has bytes left over") }
    return end
  }

  /// How many members the set at `offset` has, by what its head states, and where it ends; nil for the form of small
  /// sets, which are as quickly merged.
  public static func stated(
    serialised bytes: UnsafeRawBufferPointer, from offset: Int
  ) throws(ApusError) -> (members: Int, end: Int)? {
    var cursor = Cursor(bytes: bytes, offset: offset)
    guard try cursor.byte() == 1 else { return nil }
    let length = try cursor.varint()
    guard length <= bytes.count - cursor.offset else { throw Cursor.damaged("ends early") }
    let end = cursor.offset + length
    let head = try cursor.word()
    let hasRuns = head & 0xFFFF == Self.runCookie
    guard hasRuns || head == Self.cookie else { throw Cursor.damaged("is no Roaring bitmap") }
    let count = hasRuns ? Int(head >> 16) + 1 : Int(try cursor.word())
    if hasRuns { try cursor.skip((count + 7) / 8) }
    let descriptions = cursor.offset
    try cursor.skip(count * 4)
    var members = 0
    for index in 0..<count { members += Int(cursor.half(at: descriptions + index * 4 + 2)) + 1 }
    return (members, end)
  }

  private func mergeArray(_ cursor: inout Cursor, into group: Int) throws(ApusError) {
    let count = try cursor.varint()
    guard count <= Self.arrayMembersMax else { throw Cursor.damaged("is an array of \(count)") }
    var next = 0
    for _ in 0..<count {
      let id = next &+ (try cursor.varint())
      guard id <= Int(Self.idMax) else { throw Cursor.damaged("holds the id \(id)") }
      insert(UInt32(truncatingIfNeeded: id), group)
      next = id &+ 1
    }
  }

  private func mergeRoaring(_ cursor: inout Cursor, into group: Int) throws(ApusError) {
    let start = cursor.offset
    let head = try cursor.word()
    let hasRuns = head & 0xFFFF == Self.runCookie
    guard hasRuns || head == Self.cookie else { throw Cursor.damaged("is no Roaring bitmap") }
    let count = hasRuns ? Int(head >> 16) + 1 : Int(try cursor.word())
    guard count <= 1 << 15 else { throw Cursor.damaged("has \(count) containers") }
    let flags = cursor.offset
    if hasRuns { try cursor.skip((count + 7) / 8) }
    let descriptions = cursor.offset
    try cursor.skip(count * 4)
    let hasOffsets = !hasRuns || count >= Self.offsetsFrom
    let offsets = cursor.offset
    if hasOffsets { try cursor.skip(count * 4) }
    var last = -1
    for index in 0..<count {
      let key = Int(cursor.half(at: descriptions + index * 4))
      let members = Int(cursor.half(at: descriptions + index * 4 + 2)) + 1
      guard key > last, key < 1 << 15 else { throw Cursor.damaged("has container \(key) after \(last)") }
      last = key
      if hasOffsets {
        let stated = Int(cursor.half(at: offsets + index * 4)) | Int(cursor.half(at: offsets + index * 4 + 2)) << 16
        guard stated == cursor.offset - start else { throw Cursor.damaged("states a wrong offset") }
      }
      let base = UInt32(key) << 16
      if hasRuns, cursor.bytes[flags + index >> 3] & (1 << UInt8(index & 7)) != 0 {
        try mergeRuns(&cursor, base, members, group)
      } else if members >= Self.bitmapMembersFrom {
        try mergeBitmap(&cursor, base, members, group)
      } else {
        try mergeHalves(&cursor, base, members, group)
      }
    }
  }

  private func mergeHalves(
    _ cursor: inout Cursor, _ base: UInt32, _ members: Int, _ group: Int
  ) throws(ApusError) {
    let start = cursor.offset
    try cursor.skip(members * 2)
    var last = -1
    for index in 0..<members {
      let low = Int(cursor.half(at: start &+ index &* 2))
      guard low > last else { throw Cursor.damaged("is out of order") }
      last = low
      insert(base | UInt32(truncatingIfNeeded: low), group)
    }
  }

  private func mergeBitmap(
    _ cursor: inout Cursor, _ base: UInt32, _ members: Int, _ group: Int
  ) throws(ApusError) {
    let start = cursor.offset
    try cursor.skip(8_192)
    guard let words = cursor.bytes.baseAddress.map({ $0 + start }) else { return }
    var total = 0
    for index in 0..<1_024 {
      total &+= words.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self).nonzeroBitCount
    }
    guard total == members else { throw Cursor.damaged("has \(total) members where it states \(members)") }
    insert(words: words, base: base, group)
  }

  private func mergeRuns(
    _ cursor: inout Cursor, _ base: UInt32, _ members: Int, _ group: Int
  ) throws(ApusError) {
    let at = cursor.offset
    try cursor.skip(2)
    let count = Int(cursor.half(at: at))
    let start = cursor.offset
    try cursor.skip(count * 4)
    var last = -2
    var total = 0
    for index in 0..<count {
      let first = Int(cursor.half(at: start + index * 4))
      let end = first + Int(cursor.half(at: start + index * 4 + 2))
      guard first > last + 1, end <= 0xFFFF else { throw Cursor.damaged("has runs out of order") }
      last = end
      total += end - first + 1
      guard total <= members else { break }
      insert(from: base | UInt32(first), through: base | UInt32(end), group)
    }
    guard total == members else { throw Cursor.damaged("has \(total) members where it states \(members)") }
  }

  /// A place in bytes that come from disk: every step is checked.
  private struct Cursor {
    let bytes: UnsafeRawBufferPointer
    var offset: Int

    static func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, "a state of unique counts \(what)") }

    @inline(__always)
    mutating func skip(_ count: Int) throws(ApusError) {
      guard count >= 0, count <= bytes.count - offset else { throw Self.damaged("ends early") }
      offset &+= count
    }

    mutating func byte() throws(ApusError) -> UInt8 {
      try skip(1)
      return bytes[offset - 1]
    }

    mutating func word() throws(ApusError) -> UInt32 {
      try skip(4)
      return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset - 4, as: UInt32.self))
    }

    /// Of bytes that were skipped.
    @inline(__always)
    func half(at offset: Int) -> UInt16 {
      UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// A varint below 2^35.
    @inline(__always)
    mutating func varint() throws(ApusError) -> Int {
      var value = 0
      var shift = 0
      while shift < 35 {
        guard offset < bytes.count else { throw Self.damaged("ends early") }
        let byte = bytes[offset]
        offset &+= 1
        value |= Int(byte & 0x7F) &<< shift
        if byte & 0x80 == 0 { return value }
        shift &+= 7
      }
      throw Self.damaged("has a number that is too long")
    }
  }
}
