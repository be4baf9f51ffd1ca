// WorkerPool owns the threads that help queries, and the parallel loop over morsels.

internal import ApusBase
private import Glibc
private import Synchronization

/// A loop over morsels 0..<count that several threads share. Each participant makes its own worker through `body`.
final class MorselLoop: @unchecked Sendable {
  let count: Int
  /// Runs one morsel. `slot` is the participant's number, below the pool's thread count.
  let body: @Sendable (_ morsel: Int, _ slot: Int) throws(ApusError) -> Void
  private let next = Atomic<Int>(0)
  private let slots = Atomic<Int>(0)
  private let failed = Atomic<Bool>(false)
  private let state: Mutex<(active: Int, error: ApusError?)> = Mutex((0, nil))
  private var lock = pthread_mutex_t()
  private var done = pthread_cond_t()
  private let slotsMax: Int

  init(
    count: Int, slotsMax: Int, body: @escaping @Sendable (_ morsel: Int, _ slot: Int) throws(ApusError) -> Void
  ) {
    self.count = count
    self.slotsMax = slotsMax
    self.body = body
    pthread_mutex_init(&lock, nil)
    pthread_cond_init(&done, nil)
  }

  deinit {
    pthread_mutex_destroy(&lock)
    pthread_cond_destroy(&done)
  }

  /// Whether a morsel is left that nobody has taken.
  var hasWork: Bool { next.load(ordering: .relaxed) < count && !failed.load(ordering: .relaxed) }

  /// A place among the participants, or nil when all are taken. Slots are kept per thread by the caller.
  func enter() -> Int? {
    let slot = slots.wrappingAdd(1, ordering: .relaxed).oldValue
    return slot < slotsMax ? slot : nil
  }

  /// Runs at most `limit` morsels. Returns false when no work is left.
  func work(slot: Int, limit: Int) -> Bool {
    state.withLock { $0.active += 1 }
    defer { leave() }
    for _ in 0..<limit {
      guard !failed.load(ordering: .relaxed) else { return false }
      let morsel = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard morsel < count else { return false }
      do {
        try body(morsel, slot)
      } catch {
        failed.store(true, ordering: .relaxed)
        state.withLock { if $0.error == nil { $0.error = error } }
        return false
      }
    }
    return hasWork
  }

  private func leave() {
    pthread_mutex_lock(&lock)
    let active = state.withLock { state in
      state.active -= 1
      return state.active
    }
    if active == 0 { pthread_cond_broadcast(&done) }
    pthread_mutex_unlock(&lock)
  }

  /// Waits until no participant is at work. Call when `hasWork` is false: nothing new starts then.
  func wait() throws(ApusError) {
    pthread_mutex_lock(&lock)
    while state.withLock({ $0.active }) > 0 { pthread_cond_wait(&done, &lock) }
    pthread_mutex_unlock(&lock)
    if let error = state.withLock({ $0.error }) { throw error }
  }
}

/// A fixed set of threads. Loops are served round robin, one morsel at a time, so that a short query does not wait for
/// a
/// long one.
final class WorkerPool: @unchecked Sendable {
  let helpers: Int
  private var lock = pthread_mutex_t()
  private var wake = pthread_cond_t()
  private var loops: [(loop: MorselLoop, slot: [Int?])] = []
  private var turn = 0
  private var started = false

  static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  init(helpers: Int) {
    self.helpers = helpers
    pthread_mutex_init(&lock, nil)
    pthread_cond_init(&wake, nil)
  }

  /// Threads that may work on one loop.
  var width: Int { helpers + 1 }

  /// Runs `body` for every morsel, on this thread and the helpers, `width` threads at the most (slots are below it).
  /// Returns when all are done; throws the first error.
  func run(
    count: Int, width limit: Int, body: @escaping @Sendable (_ morsel: Int, _ slot: Int) throws(ApusError) -> Void
  ) throws(ApusError) {
    if count <= 1 || helpers == 0 || limit <= 1 {
      for morsel in 0..<count { try body(morsel, 0) }
      return
    }
    let loop = MorselLoop(count: count, slotsMax: min(width, limit), body: body)
    let own = loop.enter() ?? 0
    add(loop)
    while loop.work(slot: own, limit: Int.max) {}
    remove(loop)
    try loop.wait()
  }

  private func add(_ loop: MorselLoop) {
    pthread_mutex_lock(&lock)
    if !started { start() }
    loops.append((loop, Array(repeating: nil, count: helpers)))
    pthread_cond_broadcast(&wake)
    pthread_mutex_unlock(&lock)
  }

  private func remove(_ loop: MorselLoop) {
    pthread_mutex_lock(&lock)
    loops.removeAll { $0.loop === loop }
    pthread_mutex_unlock(&lock)
  }

  private func start() {
    started = true
    for helper in 0..<helpers {
      let box = Unmanaged.passRetained(HelperStart(pool: self, number: helper))
      var thread = pthread_t()
      pthread_create(&thread, nil, runHelper, box.toOpaque())
      pthread_detach(thread)
    }
  }

  /// The life of a helper. The pool is never freed once started.
  func serve(_ number: Int) {
    while true {
      pthread_mutex_lock(&lock)
      var found: (MorselLoop, Int)?
      while found == nil {
        found = pick(number)
        if found == nil { pthread_cond_wait(&wake, &lock) }
      }
      // Entering under the lock: a loop that its owner has removed is not entered any more.
      pthread_mutex_unlock(&lock)
      if let (loop, slot) = found { _ = loop.work(slot: slot, limit: 1) }
    }
  }

  private func pick(_ number: Int) -> (MorselLoop, Int)? {
    for step in 0..<loops.count {
      let index = (turn &+ step) % loops.count
      guard loops[index].loop.hasWork else { continue }
      if loops[index].slot[number] == nil { loops[index].slot[number] = loops[index].loop.enter() }
      guard let slot = loops[index].slot[number] else { continue }
      turn = index &+ 1
      return (loops[index].loop, slot)
    }
    return nil
  }
}

private final class HelperStart {
  let pool: WorkerPool
  let number: Int
  init(pool: WorkerPool, number: Int) {
    self.pool = pool
    self.number = number
  }
}

private func runHelper(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let raw else { return nil }
  let start = Unmanaged<HelperStart>.fromOpaque(raw).takeRetainedValue()
  start.pool.serve(start.number)
  return nil
}
