// Metrics owns the counters, gauges and histograms that `/metrics` shows, in Prometheus' text format.

private import Synchronization

/// A set of metrics with fixed label sets. All methods may be called from any thread.
public final class Metrics: Sendable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  private struct Family {
    var kind: Kind
    var help: String
    var values: [String: Double] = [:]
    var buckets: [Double] = []
    var histograms: [String: Histogram] = [:]
  }
  private struct Histogram {
    var counts: [UInt64]
    var sum = 0.0
    var count: UInt64 = 0
  }

  private let families = Mutex<[String: Family]>([:])

  public static let shared = Metrics()

  public init() {}

  /// Adds to a counter; the first call registers it. `labels` is the text between the braces, already escaped
  /// (`dialect="native",result="stored"`), or empty.
  public func add(_ name: String, _ amount: Double = 1, labels: String = "", help: String) {
    families.withLock { $0[name, default: Family(kind: .counter, help: help)].values[labels, default: 0] += amount }
  }

  /// Sets a gauge, or a counter that somebody else keeps.
  public func set(_ name: String, _ value: Double, labels: String = "", help: String, kind: Kind = .gauge) {
    families.withLock { $0[name, default: Family(kind: kind, help: help)].values[labels] = value }
  }

  /// Seconds from 100 microseconds to 30 s.
  public static let secondsBuckets: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]

  public func observe(_ name: String, seconds: Double, labels: String = "", help: String) {
    families.withLock { families in
      var family = families[name] ?? Family(kind: .histogram, help: help, buckets: Self.secondsBuckets)
      let bounds = family.buckets
      var histogram = family.histograms[labels] ?? Histogram(counts: Array(repeating: 0, count: bounds.count))
      if let slot = bounds.firstIndex(where: { seconds <= $0 }) { histogram.counts[slot] &+= 1 }
      histogram.sum += seconds
      histogram.count &+= 1
      family.histograms[labels] = histogram
      families[name] = family
    }
  }

  /// Prometheus text exposition format 0.0.4, families in name order.
  public func exposition() -> String {
    let snapshot = families.withLock { $0 }
    var text = ""
    for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
      text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) {
        text += labels.isEmpty ? "\(name) \(Self.number(value))\n" : "\(name){\(labels)} \(Self.number(value))\n"
      }
      for (labels, histogram) in family.histograms.sorted(by: { $0.key < $1.key }) {
        let lead = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (bound, count) in zip(family.buckets, histogram.counts) {
          total &+= count
          text += "\(name)_bucket{\(lead)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name)_bucket{\(lead)le=\"+Inf\"} \(histogram.count)\n"
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)_sum\(braces) \(histogram.sum)\n\(name)_count\(braces) \(histogram.count)\n"
      }
    }
    return text
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}
