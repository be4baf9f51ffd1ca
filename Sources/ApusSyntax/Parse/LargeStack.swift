// LargeStack owns the threads on which texts that nest deeply are parsed: the C parser recurses once for each level of
// the tree, about 2 KiB a level.
import ApusBase
import Glibc

/// Runs work on a thread of its own with a large reserved stack, at most two at a time: what such a text makes the
/// parser allocate is then bounded too. A thread costs some 50 microseconds, little beside what it is used for.
enum LargeStack {
  /// Reserved, not touched: only what is used becomes memory, and it goes with the thread.
  static let bytes = 256 << 20

  private static let gate = Gate(permits: 2)

  static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
    gate.enter()
    defer { gate.leave() }
    let box = Box(work)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, bytes)
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(box as AnyWork).toOpaque()
    let code = pthread_create(&thread, &attributes, largeStackMain, argument)
    guard code == 0 else {
      Unmanaged<AnyWork>.fromOpaque(argument).release()
      throw ApusError(.outOfMemory, "out of memory", detail: "No thread for a deeply nested statement (error \(code)).")
    }
    pthread_join(thread, nil)
    guard let result = box.result else { throw ApusError.unexpected("a parser thread ended without a result") }
    return try result.get()
  }

  class AnyWork: @unchecked Sendable {
    func run() {}
  }

  /// Written by the one thread that runs it, read after that thread is joined.
  private final class Box<Value: Sendable>: AnyWork, @unchecked Sendable {
    private let work: @Sendable () throws -> Value
    var result: Result<Value, any Error>?

    init(_ work: @escaping @Sendable () throws -> Value) { self.work = work }
    override func run() { result = Result { try work() } }
  }

  /// A counting semaphore.
  private final class Gate: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init(permits: UInt32) {
      semaphore = .allocate(capacity: 1)
      sem_init(semaphore, 0, permits)
    }
    func enter() { while sem_wait(semaphore) != 0 {} }
    func leave() { sem_post(semaphore) }
  }
}

private func largeStackMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { Unmanaged<LargeStack.AnyWork>.fromOpaque(argument).takeRetainedValue().run() }
  return nil
}
