// SessionActivity owns what others may see of a session: who it is and what it runs.

import ApusBase
import ApusColumns
import Synchronization

/// Written by the session, read by anybody. Times are in microseconds since 2000-01-01.
final class SessionActivity: Sendable {
  struct State: Sendable {
    var processID: Int32
    var user: String
    var applicationName = ""
    var clientAddress: String?
    var clientPort: Int64?
    var start: PostgresMicroseconds
    var transactionStart: PostgresMicroseconds?
    var queryStart: PostgresMicroseconds?
    var stateChange: PostgresMicroseconds
    /// As in pg_stat_activity: active, idle, idle in transaction, idle in transaction (aborted).
    var state = "idle"
    /// The statement that runs or ran last.
    var query = ""
  }

  private let state: Mutex<State>

  init(processID: Int32, user: String, now: PostgresMicroseconds) {
    state = Mutex(State(processID: processID, user: user, start: now, stateChange: now))
  }

  var current: State { state.withLock { $0 } }

  func update(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
}
