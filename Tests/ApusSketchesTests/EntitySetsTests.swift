// Tests of the sets of entity ids: against plain sets, against CRoaring's own bytes, against damage.

import ApusBase
import ApusSketches
import CRoaring
import Testing

@Suite struct `Sets of entity ids` {
  private static func sets(of ids: some Sequence<UInt32>) -> EntitySets {
    let sets = EntitySets()
    sets.grow(to: 1)
    for id in ids { sets.insert(id, 0) }
    return sets
  }

  private static func bytes(_ sets: EntitySets, _ group: Int = 0) -> [UInt8] {
    var writer = ByteWriter()
    sets.serialise(group, into: &writer)
    return writer.bytes
  }

  private static func merged(_ bytes: [UInt8], into sets: EntitySets, _ group: Int = 0) throws {
    try bytes.withUnsafeBytes { raw in
      let end = try sets.merge(serialised: raw, from: 0, into: group)
      #expect(end == raw.count)
    }
  }

  /// Sets of every shape: few, many, dense, in runs, with high ids.
  private static func samples(_ random: inout SeededRandom) -> [UInt32] {
    let count = [0, 1, 3, 40, 256, 257, 3_000, 70_000].randomElement(using: &random) ?? 0
    let span = [300, 5_000, 70_000, 1_000_000, 2_147_483_647].randomElement(using: &random) ?? 1
    var ids: [UInt32] = []
    while ids.count < count {
      let start = UInt32.random(in: 0...UInt32(span), using: &random)
      let run = Bool.random(using: &random) ? 1 : Int.random(in: 1...300, using: &random)
      for step in 0..<min(run, count - ids.count) { ids.append(min(start &+ UInt32(step), EntitySets.idMax)) }
    }
    return ids
  }

  @Test func `sets hold what was added, whatever its order and however it was merged`() throws {
    for seed in 0..<UInt64(60) {
      var random = SeededRandom(seed: seed)
      let ids = Self.samples(&random)
      let sets = EntitySets()
      sets.grow(to: 3)
      var expected: [Set<UInt32>] = [[], [], []]
      var groups: [UInt32] = []
      for id in ids {
        let group = Int.random(in: 0..<3, using: &random)
        groups.append(UInt32(group))
        expected[group].insert(id)
      }
      #expect(!sets.insert(ids.map { Int32(bitPattern: $0) }, validity: nil, count: ids.count, groups: groups))
      for group in 0..<3 {
        #expect(sets.count(group) == expected[group].count, "seed \(seed)")
        #expect(sets.members(group) == expected[group].sorted(), "seed \(seed)")
      }
      // All into one, by merge and by bytes.
      let whole = Self.sets(of: [])
      whole.merge(sets, mapping: [0, 0, 0], count: 3)
      let read = Self.sets(of: [])
      for group in [2, 0, 1] { try Self.merged(Self.bytes(sets, group), into: read) }
      let all = Set(ids).sorted()
      #expect(whole.members(0) == all, "seed \(seed)")
      #expect(read.members(0) == all, "seed \(seed)")
      #expect(Self.bytes(whole) == Self.bytes(read), "equal sets give equal bytes; seed \(seed)")
      #expect(Self.bytes(whole) == Self.bytes(Self.sets(of: ids.shuffled(using: &random))), "seed \(seed)")
    }
  }

  @Test func `what is written is what CRoaring writes, and reads`() throws {
    for seed in 100..<UInt64(160) {
      var random = SeededRandom(seed: seed)
      let ids = Self.samples(&random)
      let bytes = Self.bytes(Self.sets(of: ids))
      guard bytes[0] == 1 else { continue }
      let bitmap = try #require(roaring_bitmap_of_ptr(ids.count, ids))
      defer { roaring_bitmap_free(bitmap) }
      roaring_bitmap_run_optimize(bitmap)
      let size = roaring_bitmap_portable_size_in_bytes(bitmap)
      var theirs = [CChar](repeating: 0, count: size)
      #expect(roaring_bitmap_portable_serialize(bitmap, &theirs) == size)
      let isSame = bytes.suffix(size).elementsEqual(theirs.map { UInt8(bitPattern: $0) })
      #expect(isSame, "seed \(seed)")
      let read = Self.sets(of: [])
      try Self.merged(bytes, into: read)
      #expect(read.count(0) == Int(roaring_bitmap_get_cardinality(bitmap)), "seed \(seed)")
    }
  }

  @Test func `damaged bytes are an error or other members, never a trap`() throws {
    for seed in 200..<UInt64(230) {
      var random = SeededRandom(seed: seed)
      let whole = Self.bytes(Self.sets(of: Self.samples(&random)))
      for _ in 0..<200 {
        var bytes = whole
        switch random.next() % 3 {
        case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        case 1: bytes[Int.random(in: 0..<min(40, bytes.count), using: &random)] = UInt8(random.next() & 255)
        default: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8(random.next() & 7)
        }
        let sets = Self.sets(of: [5])
        _ = bytes.withUnsafeBytes { raw in try? sets.merge(serialised: raw, from: 0, into: 0) }
        for id in sets.members(0) { #expect(id <= EntitySets.idMax) }
      }
    }
  }

  @Test func `negative ids are told and left out`() {
    let sets = Self.sets(of: [])
    #expect(sets.insert([3, -1, 7, -1], validity: nil, count: 4, groups: nil))
    #expect(sets.members(0) == [3, 7])
  }

  @Test func `a set takes few bytes a member`() {
    for spread in [UInt32(1), 7, 100, 4_000, 900_000] {
      let sets = Self.sets(of: (0..<2_000).map { $0 * spread })
      #expect(sets.byteCount < 2_000 * 33)
      // Members far away from many others do not cost what lies between.
      sets.insert(EntitySets.idMax, 0)
      #expect(sets.byteCount < 2_000 * 33)
      #expect(sets.count(0) == 2_001)
    }
  }
}
