// EventLog owns the events that funnels and sequences look at: for each the group, the time, and which of the
// conditions it satisfies.

import ApusBase
import ApusColumns

/// Sixteen bytes an event, in three columns. Arranged, events stand group by group, by time and then by conditions: an
/// order that depends on nothing but the events.
struct EventLog: ~Copyable {
  private(set) var owners: UnsafeMutablePointer<UInt32>
  private(set) var masks: UnsafeMutablePointer<UInt32>
  private(set) var times: UnsafeMutablePointer<Int64>
  private(set) var count = 0
  private var capacity = 16
  /// Where each group's events begin, and the end; empty unless arranged.
  private(set) var starts: [Int] = []

  init() {
    owners = .allocate(capacity: capacity)
    masks = .allocate(capacity: capacity)
    times = .allocate(capacity: capacity)
  }

  deinit {
    owners.deallocate()
    masks.deallocate()
    times.deallocate()
  }

  var byteCount: Int { capacity * 16 + starts.capacity * 8 }

  /// Makes room for `more` events, which `append` may then be called for.
  mutating func reserve(_ more: Int) {
    if !starts.isEmpty { starts = [] }
    guard count + more > capacity else { return }
    let size = max(count + more, capacity * 2)
    owners = Self.moved(owners, count, to: size)
    masks = Self.moved(masks, count, to: size)
    times = Self.moved(times, count, to: size)
    capacity = size
  }

  private static func moved<T: BitwiseCopyable>(
    _ old: UnsafeMutablePointer<T>, _ count: Int, to size: Int
  ) -> UnsafeMutablePointer<T> {
    let new = UnsafeMutablePointer<T>.allocate(capacity: size)
    new.update(from: old, count: count)
    old.deallocate()
    return new
  }

  @inline(__always)
  mutating func append(_ owner: UInt32, _ time: Int64, _ mask: UInt32) {
    owners[count] = owner
    times[count] = time
    masks[count] = mask
    count &+= 1
  }

  mutating func append(_ other: borrowing EventLog, mapping: UnsafePointer<UInt32>) {
    reserve(other.count)
    for index in 0..<other.count { owners[count &+ index] = mapping[Int(other.owners[index])] }
    (masks + count).update(from: other.masks, count: other.count)
    (times + count).update(from: other.times, count: other.count)
    count += other.count
  }

  // MARK: Order

  /// Puts the events of groups 0..<groups in order.
  mutating func arrange(_ groups: Int) {
    if starts.count == groups + 1 { return }
    var borders = [Int](repeating: 0, count: groups + 1)
    for index in 0..<count where Int(owners[index]) < groups { borders[Int(owners[index]) + 1] += 1 }
    for group in 0..<groups { borders[group + 1] += borders[group] }
    placeByGroup(borders)
    let (times, masks) = (times, masks)
    for group in 0..<groups { Self.sort(times, masks, borders[group]..<borders[group + 1]) }
    starts = borders
  }

  private mutating func placeByGroup(_ borders: [Int]) {
    var isPlaced = true
    for index in 1..<max(1, count) where owners[index] < owners[index - 1] {
      isPlaced = false
      break
    }
    if isPlaced { return }
    var next = borders
    let size = capacity
    let newOwners = UnsafeMutablePointer<UInt32>.allocate(capacity: size)
    let newMasks = UnsafeMutablePointer<UInt32>.allocate(capacity: size)
    let newTimes = UnsafeMutablePointer<Int64>.allocate(capacity: size)
    let groups = borders.count - 1
    for index in 0..<count {
      let group = Int(owners[index])
      guard group < groups else { continue }
      let place = next[group]
      next[group] = place &+ 1
      newOwners[place] = owners[index]
      newMasks[place] = masks[index]
      newTimes[place] = times[index]
    }
    owners.deallocate()
    masks.deallocate()
    times.deallocate()
    (owners, masks, times) = (newOwners, newMasks, newTimes)
    count = borders[groups]
  }

  /// Sorts a range by time, then by mask. Events mostly come in order, or nearly.
  private static func sort(
    _ times: UnsafeMutablePointer<Int64>, _ masks: UnsafeMutablePointer<UInt32>, _ range: Range<Int>
  ) {
    if range.count < 2 { return }
    var moves = 0
    for index in range.dropFirst() {
      let (time, mask) = (times[index], masks[index])
      var place = index
      while place > range.lowerBound, isBefore(time, mask, times[place - 1], masks[place - 1]) {
        times[place] = times[place - 1]
        masks[place] = masks[place - 1]
        place -= 1
      }
      times[place] = time
      masks[place] = mask
      moves += index - place
      if moves > 8 * range.count + 64 { return sortWhole(times, masks, range) }
    }
  }

  private static func sortWhole(
    _ times: UnsafeMutablePointer<Int64>, _ masks: UnsafeMutablePointer<UInt32>, _ range: Range<Int>
  ) {
    var events = range.map { (time: times[$0], mask: masks[$0]) }
    events.sort { isBefore($0.time, $0.mask, $1.time, $1.mask) }
    for (offset, event) in events.enumerated() {
      times[range.lowerBound + offset] = event.time
      masks[range.lowerBound + offset] = event.mask
    }
  }

  @inline(__always)
  private static func isBefore(_ time: Int64, _ mask: UInt32, _ otherTime: Int64, _ otherMask: UInt32) -> Bool {
    time != otherTime ? time < otherTime : mask < otherMask
  }

  /// The events of one group, when arranged.
  func events(of group: Int) -> EventRun {
    let start = starts[group]
    return EventRun(times: times + start, masks: masks + start, count: starts[group + 1] - start)
  }
}

/// The events of one group in order. Valid while the log is not changed.
struct EventRun {
  let times: UnsafePointer<Int64>
  let masks: UnsafePointer<UInt32>
  let count: Int

  init(times: UnsafeMutablePointer<Int64>, masks: UnsafeMutablePointer<UInt32>, count: Int) {
    self.times = UnsafePointer(times)
    self.masks = UnsafePointer(masks)
    self.count = count
  }
}

/// Conditions of a batch as one word a row: bit k says that condition k is true. Null is false.
struct ConditionMasks {
  /// A word a row.
  let masks: Buffer
  /// The rows of which any condition is true.
  let any: Bitmap

  /// Conditions that a call may have: one bit each.
  static let countMax = Limits.sequenceConditionsMax

  init(_ conditions: ArraySlice<Vector>, count: Int) throws(ApusError) {
    masks = Buffer.zeroed(byteCount: count * 4)
    any = Bitmap(repeating: false, count: count)
    let out = masks.write(UInt32.self)
    let all = any.words.write(UInt64.self)
    for (step, vector) in conditions.enumerated() {
      let plain = vector.unwrapped
      guard case .bool(let bits) = plain.storage else {
        throw .unexpected("a condition of type \(vector.type.sqlName)")
      }
      let words = bits.words.read(UInt64.self)
      let valid = plain.validity?.words.read(UInt64.self)
      let bit = UInt32(1) &<< UInt32(step)
      for index in 0..<Bitmap.wordCount(count) {
        var word = words[index]
        if let valid { word &= valid[index] }
        if index == count >> 6 { word &= (1 &<< UInt64(count & 63)) &- 1 }
        all[index] |= word
        while word != 0 {
          out[index &* 64 &+ word.trailingZeroBitCount] |= bit
          word &= word &- 1
        }
      }
      withExtendedLifetime(plain) {}
    }
  }
}
