// Tests of the approximate sketches: their error, their bytes, their independence of order.

import ApusBase
import ApusColumns
import ApusSketches
import Testing

@Suite struct `HyperLogLog` {
  @Test func `up to 1,024 values are counted exactly, more within three per cent`() {
    for count in [0, 1, 5, 1_000, 1_024, 5_000, 40_000, 300_000, 1_000_000] {
      let sketches = HyperLogLogs()
      sketches.grow(to: 1)
      for value in 0..<count { sketches.insert(hashInteger(UInt64(value)), 0) }
      for value in 0..<min(count, 100) { sketches.insert(hashInteger(UInt64(value)), 0) }
      let error = abs(Double(sketches.estimate(0)) - Double(count))
      #expect(error <= (count <= 1_024 ? 0 : Double(count) * 0.03), "\(count): \(sketches.estimate(0))")
    }
  }

  @Test func `the typical error is below one per cent`() {
    var squares = 0.0
    for seed in 0..<30 {
      let sketches = HyperLogLogs()
      sketches.grow(to: 1)
      var random = SeededRandom(seed: UInt64(seed))
      for _ in 0..<50_000 { sketches.insert(hashInteger(random.next()), 0) }
      let error = Double(sketches.estimate(0)) / 50_000 - 1
      squares += error * error
    }
    #expect((squares / 30).squareRoot() < 0.0115)
  }

  @Test func `bytes give the same sketch, merged in any order`() throws {
    for count in [3, 700, 1_500, 30_000] {
      let (whole, merged) = (HyperLogLogs(), HyperLogLogs())
      whole.grow(to: 1)
      merged.grow(to: 1)
      for part in [2, 0, 1] {
        let sketch = HyperLogLogs()
        sketch.grow(to: 1)
        for value in stride(from: part, to: count, by: 3) { sketch.insert(hashInteger(UInt64(value)), 0) }
        let bytes = Buffer(copying: sketch.serialise(0))
        try withExtendedLifetime(bytes) { try merged.mergeSerialised(bytes.rawBytes, into: 0) }
      }
      for value in 0..<count { whole.insert(hashInteger(UInt64(value)), 0) }
      #expect(whole.serialise(0) == merged.serialise(0))
      #expect(whole.estimate(0) == merged.estimate(0))
    }
  }

  @Test func `damaged bytes are an error`() {
    for bytes: [UInt8] in [[], [0x48], [0x48, 1, 14, 0, 1], [0x48, 2, 14, 0, 0], [0x48, 1, 14, 1, 0]] {
      let buffer = Buffer(copying: bytes)
      let sketches = HyperLogLogs()
      sketches.grow(to: 1)
      #expect(throws: ApusError.self) { try sketches.mergeSerialised(buffer.rawBytes, into: 0) }
    }
  }
}

@Suite struct `Quantile sketch` {
  @Test func `merging in any order gives the same sketch, collapsed or not`() {
    var random = SeededRandom(seed: 3)
    let values = (0..<3_000).map { _ in
      Double(sign: .plus, exponent: Int.random(in: -300...300, using: &random), significand: 1.5)
        * (random.next() & 3 == 0 ? -1 : 1)
    }
    var whole = QuantileSketch()
    for value in values { whole.add(value) }
    var parts = (0..<5).map { _ in QuantileSketch() }
    for value in values.shuffled(using: &random) { parts[Int(random.next() % 5)].add(value) }
    var merged = QuantileSketch()
    for part in parts.shuffled(using: &random) { merged.merge(part) }
    #expect(merged.serialised == whole.serialised)
    #expect(merged.quantile(1) == whole.quantile(1))
  }

  @Test func `bytes read back`() throws {
    var sketch = QuantileSketch()
    for value in [0, -1.5, 3, 3, 1e-310, 700] { sketch.add(value) }
    let bytes = Buffer(copying: sketch.serialised)
    let read = try withExtendedLifetime(bytes) { try QuantileSketch(serialised: bytes.rawBytes) }
    #expect(read.serialised == sketch.serialised)
    #expect(read.count == 6)
    #expect(read.quantile(0).map { abs($0 + 1.5) < 0.016 } == true)
    #expect(QuantileSketch().quantile(0.5) == nil)
  }
}
