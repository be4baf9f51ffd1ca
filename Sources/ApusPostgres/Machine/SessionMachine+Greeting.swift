// The server's part of the start: who is let in as whom, the session's settings, and the reports of the start.

import ApusBase
import ApusEngine

extension SessionMachine {
  /// The one database of a server.
  private static let databaseName = "apus"

  /// Applies the startup packet and writes everything up to the first ReadyForQuery. An error means that the client is
  /// not let in.
  func greet(_ startup: Startup, isAuthenticated: Bool = false) -> ApusError? {
    if isAuthenticated, startup.database != Self.databaseName {
      return ApusError(.invalidCatalogName, "database \"\(startup.database)\" does not exist")
    }
    do throws(ApusError) {
      for (name, value) in startup.settings { try session.setInitial(name, value) }
    } catch {
      return error
    }
    if startup.needsNegotiation {
      output.negotiateProtocolVersion(minorSupported: 0, unknownOptions: startup.unknownOptions)
    }
    output.authenticationOk()
    for (name, value) in session.reportedParameters { output.parameterStatus(name, value) }
    output.backendKeyData(processID: session.processID, secret: session.secret)
    // While no password is set, this machine's users may use any name.
    if !isAuthenticated, startup.user != session.user || startup.database != Self.databaseName {
      output.noticeResponse(
        Notice(
          .notice,
          "no password is set: \"\(startup.user)\" is connected to database \"apus\" as role \"\(session.user)\""))
    }
    _ = session.takeParameterChanges()
    ready()
    return nil
  }
}
