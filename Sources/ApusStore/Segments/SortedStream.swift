// SortedStream owns the values of one stream in the order of its segment: present values only, and which rows they
// belong to.

import ApusBase
import ApusColumns

struct SortedStream {
  /// The rows that have a value; nil for all.
  var presence: Bitmap?
  /// Values that are present.
  var present: Int
  /// One a present row, in their order.
  var values: StreamScratch.Values
  var scratch: StreamScratch

  init(_ scratch: StreamScratch, in order: RowOrder) {
    self.scratch = scratch
    let picks: Buffer?
    if let slotRows = scratch.slotRows {
      (presence, picks) = Self.sparse(slotRows, scratch.slotCount, order)
      present = (picks?.byteCount ?? 0) / 4
    } else if let validity = scratch.validity {
      (presence, picks) = Self.valid(validity, order)
      present = (picks?.byteCount ?? 0) / 4
    } else {
      presence = nil
      picks = order.picks?.indices
      present = order.count
    }
    let rows = picks?.read(UInt32.self)
    let count = present
    values = withExtendedLifetime(picks) {
      switch scratch.values {
      case .none: .none
      case .integers(let source): .integers(Self.taken(source, Int64.self, rows, count))
      case .small(let source, let dictionary): .small(Self.taken(source, UInt32.self, rows, count), dictionary)
      case .raw16(let source): .raw16(Self.taken(source, UUIDValue.self, rows, count))
      case .text(let addresses, let lengths):
        .text(
          addresses: Self.taken(addresses, UInt.self, rows, count),
          lengths: Self.taken(lengths, Int32.self, rows, count))
      }
    }
  }

  private static func taken<T: BitwiseCopyable>(
    _ source: Buffer, _: T.Type, _ rows: UnsafePointer<UInt32>?, _ count: Int
  ) -> Buffer {
    guard let rows else { return source }
    let buffer = Buffer(byteCount: count * MemoryLayout<T>.stride)
    let from = source.read(T.self)
    let out = buffer.write(T.self)
    for index in 0..<count { out[index] = from[Int(rows[index])] }
    return buffer
  }

  /// The rows of the order that are valid, and which they are.
  private static func valid(_ validity: Bitmap, _ order: RowOrder) -> (Bitmap, Buffer) {
    let count = order.count
    let presence = Bitmap(repeating: false, count: count)
    let out = presence.words.write(UInt64.self)
    let source = validity.words.read(UInt64.self)
    let scratch = Buffer(byteCount: (count + 1) * 4)
    let rows = scratch.write(UInt32.self)
    let picks = order.picks?.indices.read(UInt32.self)
    var next = 0
    for start in stride(from: 0, to: count, by: 64) {
      var word: UInt64 = 0
      for place in start..<min(count, start + 64) {
        let row = picks.map { Int($0[place]) } ?? place
        let bit = (source[row >> 6] &>> UInt64(row & 63)) & 1
        word |= bit &<< UInt64(place &- start)
        rows[next] = UInt32(truncatingIfNeeded: row)
        next &+= Int(truncatingIfNeeded: bit)
      }
      out[start >> 6] = word
    }
    return (presence, Buffer(viewOf: scratch, offset: 0, byteCount: next * 4))
  }

  /// The slots of the order's rows, sorted by place, and which rows they are.
  private static func sparse(_ slotRows: Buffer, _ count: Int, _ order: RowOrder) -> (Bitmap, Buffer) {
    let presence = Bitmap(repeating: false, count: order.count)
    let places = order.places().read(UInt32.self)
    let rows = slotRows.read(UInt32.self)
    var pairs = [UInt64]()
    pairs.reserveCapacity(count)
    for slot in 0..<count {
      let place = places[Int(rows[slot])]
      if place == RowOrder.notPicked { continue }
      pairs.append(UInt64(place) &<< 32 | UInt64(truncatingIfNeeded: slot))
      presence.set(Int(place))
    }
    if order.picks != nil { pairs.sort() }
    let buffer = Buffer(byteCount: pairs.count * 4)
    let out = buffer.write(UInt32.self)
    for (index, pair) in pairs.enumerated() { out[index] = UInt32(truncatingIfNeeded: pair) }
    return (presence, buffer)
  }
}
