// PluginError owns what goes wrong in a plugin: it reaches the client with its SQLSTATE.

public import CApusABI

public struct PluginError: Error, Sendable {
  /// Five characters.
  public var state: String
  /// One line, lower case, without a full stop. Never a password.
  public var message: String
  public var detail: String?
  public var hint: String?
  /// Whether the same call may succeed later.
  public var mayRetry: Bool

  public init(_ state: String, _ message: String, detail: String? = nil, hint: String? = nil, mayRetry: Bool = false) {
    self.state = state
    self.message = message
    self.detail = detail
    self.hint = hint
    self.mayRetry = mayRetry
  }

  public static func unsupported(_ what: String) -> PluginError { PluginError("0A000", "\(what) is not supported") }
  public static let outOfMemory = PluginError("53200", "out of memory", mayRetry: true)
  public static let cancelled = PluginError("57014", "canceling statement due to user request")

  /// Fills the host's struct. Longer texts are cut between characters.
  public func fill(_ error: UnsafeMutablePointer<ApusPluginError>?) {
    guard let error else { return }
    copy(state, into: &error.pointee.sqlstate)
    copy(message, into: &error.pointee.message)
    copy(detail ?? "", into: &error.pointee.detail)
    copy(hint ?? "", into: &error.pointee.hint)
    error.pointee.retry = mayRetry ? 1 : 0
  }

  private func copy<T>(_ text: String, into field: inout T) {
    withUnsafeMutableBytes(of: &field) { target in
      var kept = 0
      for character in text {
        let bytes = character.utf8
        if kept &+ bytes.count >= target.count { break }
        for byte in bytes where byte != 0 {
          target[kept] = byte
          kept &+= 1
        }
      }
      if kept < target.count { target[kept] = 0 }
    }
  }
}

/// Runs what a callback of the ABI does: APUS_OK, or APUS_FAILED with the error filled.
public func attempt(
  _ error: UnsafeMutablePointer<ApusPluginError>?, _ body: () throws(PluginError) -> Void
) -> Int32 {
  do {
    try body()
    return APUS_OK
  } catch {
    return report(error)
  }

  func report(_ failure: PluginError) -> Int32 {
    failure.fill(error)
    return APUS_FAILED
  }
}
