// PercentileAccumulator owns percentile_cont and percentile_disc of one fraction over float8 in ascending order: values
// are kept by group and the wanted ones selected, without sorting.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

final class PercentileAccumulator: Accumulator {
  private let fraction: Double
  private let isContinuous: Bool
  /// One entry a value that is not null: its group, and bits that order as the value does.
  private var owners: [UInt32] = []
  private var values: [UInt64] = []

  /// nil for a call that sorting must answer.
  init?(_ call: AggregateCall) {
    guard call.function.name == "percentile_cont" || call.function.name == "percentile_disc", !call.isDistinct,
      call.arguments.count == 2, call.arguments[1].type == .float8, call.order.count == 1, !call.order[0].descending,
      case .literal(.float(let fraction), _) = call.arguments[0], fraction >= 0, fraction <= 1
    else { return nil }
    self.fraction = fraction
    isContinuous = call.function.name == "percentile_cont"
  }

  override func accumulate(
    _ vectors: [Vector], count: Int, groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    let vector = vectors[1].isConstant ? vectors[1].flattened() : vectors[1]
    guard case .float64(let buffer) = vector.storage else { throw .unexpected("a percentile of no float8") }
    let source = buffer.read(Double.self)
    let validity = vector.validity
    owners.reserveCapacity(owners.count + count)
    values.reserveCapacity(values.count + count)
    for row in 0..<count {
      if let validity, !validity[row] { continue }
      owners.append(groups.map { $0[row] } ?? 0)
      values.append(FloatOrder.word(source[row]))
    }
  }

  override func merge(_ other: Accumulator, mapping: [UInt32]) throws(ApusError) {
    guard let other = other as? PercentileAccumulator else { throw .unexpected("aggregates of two kinds were merged") }
    values.append(contentsOf: other.values)
    owners.reserveCapacity(values.count)
    for owner in other.owners { owners.append(mapping[Int(owner)]) }
  }

  override func finish(count: Int) throws(ApusError) -> Vector {
    var starts = [Int](repeating: 0, count: count + 1)
    for owner in owners { starts[Int(owner) + 1] += 1 }
    for group in 0..<count { starts[group + 1] += starts[group] }
    var next = starts
    let kept = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, values.count))
    defer { kept.deallocate() }
    for (index, owner) in owners.enumerated() {
      kept[next[Int(owner)]] = values[index]
      next[Int(owner)] += 1
    }
    var builder = VectorBuilder(type: .float8, capacity: count)
    for group in 0..<count {
      let size = starts[group + 1] - starts[group]
      if size == 0 {
        builder.appendNull()
      } else {
        builder.append(.float(answer(kept + starts[group], size)))
      }
    }
    return builder.finish()
  }

  private func answer(_ list: UnsafeMutablePointer<UInt64>, _ size: Int) -> Double {
    guard isContinuous else {
      let place = max(0, Int((fraction * Double(size)).rounded(.up)) - 1)
      return FloatOrder.value(Self.select(list, size, place))
    }
    let place = fraction * Double(size - 1)
    let low = Int(place.rounded(.down))
    let first = FloatOrder.value(Self.select(list, size, low))
    if place == Double(low) { return first }
    // What is after the place selected is not below it: the next value is the least of these.
    var least = list[low + 1]
    for index in (low + 1)..<size where list[index] < least { least = list[index] }
    let second = FloatOrder.value(least)
    return first + (second - first) * (place - Double(low))
  }

  /// The value at `wanted` in ascending order; smaller ones are before it afterwards, larger ones after (quickselect,
  /// Hoare 1961, with the median of three as pivot).
  private static func select(_ list: UnsafeMutablePointer<UInt64>, _ size: Int, _ wanted: Int) -> UInt64 {
    var low = 0
    var high = size - 1
    while low < high {
      let middle = low + (high - low) / 2
      let pivot = max(min(list[low], list[middle]), min(max(list[low], list[middle]), list[high]))
      var i = low
      var j = high
      while i <= j {
        while list[i] < pivot { i &+= 1 }
        while list[j] > pivot { j &-= 1 }
        if i <= j {
          (list[i], list[j]) = (list[j], list[i])
          i &+= 1
          j &-= 1
        }
      }
      if wanted <= j {
        high = j
      } else if wanted >= i {
        low = i
      } else {
        return list[wanted]
      }
    }
    return list[wanted]
  }

  override var byteCount: Int { owners.count * 4 + values.count * 8 }
}
