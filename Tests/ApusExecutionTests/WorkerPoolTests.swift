// The pool and its loops: every morsel runs once, errors end a loop and leave the pool whole.

import ApusBase
import Synchronization
import Testing

@testable import ApusExecution

/// Counts by morsel, and which slots were at work at once.
private final class Tally: Sendable {
  let counts: Mutex<[Int]>
  let busy = Mutex<Set<Int>>([])
  let clashes = Count()
  init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

  func run(_ morsel: Int, _ slot: Int) {
    if !busy.withLock({ $0.insert(slot).inserted }) { clashes.add(1) }
    counts.withLock { $0[morsel] += 1 }
    _ = busy.withLock { $0.remove(slot) }
  }
}

private final class Count: Sendable {
  private let held = Atomic<Int>(0)
  var value: Int { held.load(ordering: .relaxed) }
  func add(_ more: Int) { held.wrappingAdd(more, ordering: .relaxed) }
  func raise(to least: Int) { held.max(least, ordering: .relaxed) }
}

@Suite struct WorkerPoolTests {
  @Test(arguments: [0, 1, 3, 7]) func `every morsel runs once, and a slot is one thread's`(helpers: Int) throws {
    let pool = WorkerPool(helpers: helpers)
    for round in 0..<600 {
      let count = round % 37
      let width = 1 + round % (helpers + 2)
      let tally = Tally(count)
      let slotMost = Count()
      try pool.run(count: count, width: width) { (morsel, slot) throws(ApusError) in
        tally.run(morsel, slot)
        slotMost.raise(to: slot)
      }
      #expect(tally.counts.withLock { $0.allSatisfy { $0 == 1 } })
      #expect(tally.clashes.value == 0)
      #expect(slotMost.value < min(width, helpers + 1))
    }
  }

  @Test func `many threads run loops at once`() async throws {
    let pool = WorkerPool(helpers: 3)
    let total = Count()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<150 {
            let tally = Tally(20)
            try? pool.run(count: 20, width: 4) { (morsel, slot) throws(ApusError) in
              tally.run(morsel, slot)
              if (task + round) % 5 == 0, morsel == 13 { throw ApusError(.divisionByZero, "thirteen") }
            }
            if (task + round) % 5 != 0, tally.counts.withLock({ $0 == Array(repeating: 1, count: 20) }) {
              total.add(1)
            }
            if tally.clashes.value > 0 { total.add(-10_000) }
          }
        }
      }
    }
    #expect(total.value == 8 * 150 * 4 / 5)
  }

  @Test func `an error ends its loop, is thrown once, and no body runs afterwards`() throws {
    let pool = WorkerPool(helpers: 3)
    for round in 0..<300 {
      let running = Count()
      let started = Count()
      let failing = round % 64
      var thrown: ApusError?
      do throws(ApusError) {
        try pool.run(count: 1000, width: 4) { (morsel, _) throws(ApusError) in
          running.add(1)
          started.add(1)
          defer { running.add(-1) }
          if morsel >= failing { throw ApusError(.divisionByZero, "morsel \(morsel)") }
        }
      } catch { thrown = error }
      #expect(thrown?.state == .divisionByZero)
      #expect(running.value == 0)
      let seen = started.value
      #expect(seen >= failing && seen <= failing + 4 + 1)
    }
    let tally = Tally(50)
    try pool.run(count: 50, width: 4) { (morsel, slot) throws(ApusError) in tally.run(morsel, slot) }
    #expect(tally.counts.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func `a loop inside a loop's body makes progress when all threads are taken`() throws {
    let pool = WorkerPool(helpers: 2)
    for _ in 0..<60 {
      let total = Count()
      try pool.run(count: 9, width: 3) { (_, _) throws(ApusError) in
        try pool.run(count: 7, width: 3) { (_, _) throws(ApusError) in
          try pool.run(count: 3, width: 3) { (_, _) throws(ApusError) in
            total.add(1)
          }
        }
      }
      #expect(total.value == 9 * 7 * 3)
    }
  }

  @Test func `a query that is cancelled in one thread stops in all`() throws {
    let pool = WorkerPool(helpers: 3)
    let control = QueryControl()
    let seen = Count()
    let wanted = state {
      try pool.run(count: 1_000_000, width: 4) { (morsel, _) throws(ApusError) in
        try control.check()
        seen.add(1)
        if morsel == 100 { control.cancel() }
      }
    }
    #expect(wanted == "57014")
    #expect(seen.value < 1_000_000)
  }
}
