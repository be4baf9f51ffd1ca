// QuantileSketch owns approximate quantiles of doubles and their byte format.

public import ApusBase
private import Glibc

/// A DDSketch (Masson, Rim and Lee 2019): counts of values by the logarithm of their magnitude. A quantile is within 1
/// % of a value of that rank. At most 4,096 buckets a sign are kept (35 orders of magnitude); smaller magnitudes share
/// the last. It depends on the values alone, neither on their order nor on how sketches were merged.
public struct QuantileSketch: Sendable, Hashable {
  public static let relativeError = 0.01
  private static let gamma = (1 + relativeError) / (1 - relativeError)
  private static let logGamma = log(gamma)
  static let bucketsMax = 4096

  /// Counts of the buckets from `first` on.
  private struct Store: Sendable, Hashable {
    var first = 0
    var counts: [UInt64] = []

    mutating func add(_ index: Int, _ times: UInt64) {
      if counts.isEmpty {
        first = index
        counts = [0]
      }
      var place = index
      if index < first {
        let least = max(index, first + counts.count - QuantileSketch.bucketsMax)
        if least < first {
          counts.insert(contentsOf: repeatElement(0, count: first - least), at: 0)
          first = least
        }
        place = max(index, first)
      } else if index >= first + counts.count {
        counts.append(contentsOf: repeatElement(0, count: index - first - counts.count + 1))
        let extra = counts.count - QuantileSketch.bucketsMax
        if extra > 0 {
          let folded = counts[0..<extra].reduce(0, &+)
          counts.removeFirst(extra)
          first += extra
          counts[0] &+= folded
        }
      }
      counts[place - first] &+= times
    }

    /// The store without empty buckets at its ends.
    var trimmed: Store {
      guard let low = counts.firstIndex(where: { $0 > 0 }), let high = counts.lastIndex(where: { $0 > 0 }) else {
        return Store()
      }
      return Store(first: first + low, counts: Array(counts[low...high]))
    }
  }

  private var positive = Store()
  private var negative = Store()
  private var zeros: UInt64 = 0
  public private(set) var count: UInt64 = 0

  public init() {}

  public var byteCount: Int { (positive.counts.capacity + negative.counts.capacity) * 8 + 64 }

  /// Adds a value, which must not be NaN; infinities count as the largest finite doubles.
  public mutating func add(_ value: Double, times: UInt64 = 1) {
    count &+= times
    let magnitude = min(abs(value), .greatestFiniteMagnitude)
    // Below the least normal number, logarithms lose their precision.
    if magnitude < .leastNormalMagnitude {
      zeros &+= times
      return
    }
    let index = Int((log(magnitude) / Self.logGamma).rounded(.up))
    if value > 0 { positive.add(index, times) } else { negative.add(index, times) }
  }

  public mutating func merge(_ other: QuantileSketch) {
    count &+= other.count
    zeros &+= other.zeros
    // From the top, so that no bucket is folded that a later one would have kept.
    for (offset, times) in other.positive.counts.enumerated().reversed() where times > 0 {
      positive.add(other.positive.first + offset, times)
    }
    for (offset, times) in other.negative.counts.enumerated().reversed() where times > 0 {
      negative.add(other.negative.first + offset, times)
    }
  }

  private static func value(_ index: Int) -> Double {
    let value = 2 * exp(Double(index) * logGamma) / (gamma + 1)
    return min(value, .greatestFiniteMagnitude)
  }

  /// The value of which the part `fraction` (0...1) is smaller; nil when there are no values.
  public func quantile(_ fraction: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = (min(max(fraction, 0), 1) * Double(count - 1)).rounded(.down)
    var seen: UInt64 = 0
    for (offset, times) in negative.counts.enumerated().reversed() {
      seen &+= times
      if Double(seen) > rank { return -Self.value(negative.first + offset) }
    }
    seen &+= zeros
    if Double(seen) > rank { return 0 }
    for (offset, times) in positive.counts.enumerated() {
      seen &+= times
      if Double(seen) > rank { return Self.value(positive.first + offset) }
    }
    return positive.counts.isEmpty ? 0 : Self.value(positive.first + positive.counts.count - 1)
  }

  // MARK: Bytes

  /// The first byte of the format: which sketch it is.
  public static let kind: UInt8 = 0x51
  private static let version: UInt8 = 1

  /// kind, version, zeros, then for each sign: first index (zigzag), number of buckets, their counts; varints.
  public var serialised: [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.kind)
    writer.byte(Self.version)
    writer.varint(zeros)
    for store in [positive.trimmed, negative.trimmed] {
      writer.varint(UInt64(bitPattern: Int64(store.first << 1 ^ store.first >> 63)))
      writer.varint(UInt64(store.counts.count))
      for times in store.counts { writer.varint(times) }
    }
    return writer.bytes
  }

  /// Throws XX001 for bytes that `serialised` cannot have made.
  public init(serialised bytes: UnsafeRawBufferPointer) throws(ApusError) {
    func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, "percentile state \(what)") }
    guard bytes.count >= 2, bytes[0] == Self.kind else { throw damaged("is not one") }
    guard bytes[1] == Self.version else { throw damaged("of unknown version \(bytes[1])") }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[2...]))
    do throws(ByteReader.Underflow) {
      zeros = try reader.varint()
      count = zeros
      positive = try Self.store(&reader, &count)
      negative = try Self.store(&reader, &count)
    } catch {
      throw damaged("is damaged at byte \(error.offset + 2)")
    }
    guard reader.isAtEnd else { throw damaged("has bytes left over") }
  }

  private static func store(
    _ reader: inout ByteReader, _ count: inout UInt64
  ) throws(ByteReader.Underflow) -> Store {
    let zigzag = try reader.varint()
    let first = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    let buckets = try reader.varint()
    guard buckets <= UInt64(bucketsMax), first.magnitude <= 1 << 20 else {
      throw ByteReader.Underflow(offset: reader.offset)
    }
    var store = Store(first: Int(first), counts: [])
    for _ in 0..<buckets {
      let times = try reader.varint()
      store.counts.append(times)
      count &+= times
    }
    return store
  }
}
