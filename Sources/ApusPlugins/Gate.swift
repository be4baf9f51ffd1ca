// Gate owns the keeping apart of calls that a plugin says must not overlap.

import ApusBase
private import Glibc

/// A lock around calls into foreign code, which may take long; nothing when calls may overlap.
final class Gate: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>?

  init(isSerial: Bool) {
    guard isSerial else {
      mutex = nil
      return
    }
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    self.mutex = mutex
  }

  deinit {
    guard let mutex else { return }
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func run<T>(_ body: () throws(ApusError) -> T) throws(ApusError) -> T {
    if let mutex { pthread_mutex_lock(mutex) }
    defer { if let mutex { pthread_mutex_unlock(mutex) } }
    return try body()
  }
}
