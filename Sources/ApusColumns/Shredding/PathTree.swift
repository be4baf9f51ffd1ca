// PathTree owns the paths that a shredding builder has met: a tree of object keys, with a guess at which comes next.

/// The keys of objects, as nodes; 0 is the root. Objects of one source mostly repeat their keys in order, so that the
/// next key is first compared with the one that followed last time, and hashed only when it differs.
struct PathTree: ~Copyable {
  struct Node {
    var parent: Int32
    var keyStart: Int32
    var keyLength: Int32
    var hash: UInt32
    /// The node's column met last, or -1.
    var column: Int32 = -1
    /// The sibling that followed last time, and the child that came first last time; or -1.
    var follower: Int32 = -1
    var firstChild: Int32 = -1
    /// The reading that last met this key: twice in one reading is a duplicate.
    var stamp: Int32 = 0
    var depth: Int32
  }

  private(set) var count = 0
  private(set) var nodes: UnsafeMutablePointer<Node>
  private var capacity = 32
  private var table: UnsafeMutablePointer<Int32>
  private var mask = 63
  private var keys: UnsafeMutableRawPointer
  private var keyBytes = 0
  private var keyCapacity = 512
  /// Bytes of all keys: they are numbered by Int32.
  private static var keyBytesMax: Int { Int(Int32.max) / 2 }

  init() {
    nodes = .allocate(capacity: capacity)
    table = .allocate(capacity: mask + 1)
    table.initialize(repeating: -1, count: mask + 1)
    keys = .allocate(byteCount: keyCapacity, alignment: 16)
    nodes[0] = Node(parent: -1, keyStart: 0, keyLength: 0, hash: 0, depth: 0)
    count = 1
  }

  deinit {
    nodes.deallocate()
    table.deallocate()
    keys.deallocate()
  }

  @inline(__always)
  private func matches(_ node: Int32, _ key: UnsafeRawBufferPointer) -> Bool {
    let length = Int(nodes[Int(node)].keyLength)
    guard length == key.count else { return false }
    guard length > 0, let base = key.baseAddress else { return true }
    return equalBytes(keys + Int(nodes[Int(node)].keyStart), base, length)
  }

  /// The child of `parent` that `key` names, made when new. `previous` is the sibling met before it, or -1. nil when
  /// there are `limit` nodes and it would be one more.
  @inline(__always)
  mutating func child(of parent: Int32, key: UnsafeRawBufferPointer, after previous: Int32, limit: Int) -> Int32? {
    let guess = previous >= 0 ? nodes[Int(previous)].follower : nodes[Int(parent)].firstChild
    if guess >= 0 {
      if matches(guess, key) { return guess }
      // The key that usually stands here may be absent this time.
      let second = nodes[Int(guess)].follower
      if second >= 0, matches(second, key) { return second }
    }
    return find(parent, key, previous, limit)
  }

  private mutating func find(
    _ parent: Int32, _ key: UnsafeRawBufferPointer, _ previous: Int32, _ limit: Int
  ) -> Int32? {
    let base = key.baseAddress ?? UnsafeRawPointer(keys)
    let mixed = hashInteger(UInt64(truncatingIfNeeded: parent))
    let hash = TextColumnBuilder.hash(base, key.count) ^ UInt32(truncatingIfNeeded: mixed)
    var slot = Int(hash) & mask
    while table[slot] >= 0 {
      let node = table[slot]
      let known = nodes[Int(node)]
      if known.hash == hash, known.parent == parent, matches(node, key) {
        follow(parent, previous, node)
        return node
      }
      slot = (slot &+ 1) & mask
    }
    guard count < limit, keyBytes &+ key.count <= Self.keyBytesMax else { return nil }
    let node = add(parent, base, key.count, hash)
    table[slot] = node
    follow(parent, previous, node)
    if count * 2 > mask { growTable() }
    return node
  }

  private mutating func follow(_ parent: Int32, _ previous: Int32, _ node: Int32) {
    if previous < 0 { nodes[Int(parent)].firstChild = node } else { nodes[Int(previous)].follower = node }
  }

  private mutating func add(_ parent: Int32, _ key: UnsafeRawPointer, _ length: Int, _ hash: UInt32) -> Int32 {
    if count == capacity {
      let larger = UnsafeMutablePointer<Node>.allocate(capacity: capacity * 2)
      larger.update(from: nodes, count: count)
      nodes.deallocate()
      nodes = larger
      capacity *= 2
    }
    if keyBytes + length > keyCapacity {
      let wanted = max(keyCapacity * 2, keyBytes + length)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
      larger.copyMemory(from: keys, byteCount: keyBytes)
      keys.deallocate()
      keys = larger
      keyCapacity = wanted
    }
    (keys + keyBytes).copyMemory(from: key, byteCount: length)
    nodes[count] = Node(
      parent: parent, keyStart: Int32(truncatingIfNeeded: keyBytes), keyLength: Int32(truncatingIfNeeded: length),
      hash: hash, depth: nodes[Int(parent)].depth + 1)
    keyBytes += length
    count += 1
    return Int32(truncatingIfNeeded: count - 1)
  }

  private mutating func growTable() {
    let size = (mask + 1) * 2
    table.deallocate()
    table = .allocate(capacity: size)
    table.initialize(repeating: -1, count: size)
    mask = size - 1
    for node in 1..<count {
      var slot = Int(nodes[node].hash) & mask
      while table[slot] >= 0 { slot = (slot + 1) & mask }
      table[slot] = Int32(truncatingIfNeeded: node)
    }
  }

  /// The keys from the root to `node`.
  func path(_ node: Int32) -> [String] {
    var out: [String] = []
    var at = node
    while at > 0 {
      let known = nodes[Int(at)]
      let bytes = UnsafeRawBufferPointer(start: keys + Int(known.keyStart), count: Int(known.keyLength))
      out.append(String(decoding: bytes, as: UTF8.self))
      at = known.parent
    }
    return out.reversed()
  }
}
