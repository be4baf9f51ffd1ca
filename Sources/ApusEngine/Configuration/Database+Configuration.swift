// The planning and applying of a configuration file, for the command line, for `apus serve` and for SQL.

public import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import Synchronization

/// What an apply may do.
public enum ApplyPolicy: Sendable {
  /// Whatever the file says.
  case everything
  /// What takes no rows away.
  case keepingData
  /// What neither takes rows away nor computes rollups anew: the start of a server.
  case additions
}

extension Database {
  /// What has to change for the catalog to be as the file says. Throws F0000 for what cannot be, a line a problem, each
  /// beginning with `LINE:COLUMN:`.
  public func plan(_ configuration: Configuration) throws(ApusError) -> ConfigurationPlan {
    try ConfigurationPlanner.plan(configuration, self)
  }

  /// Carries out what a file says, in order, and returns what was done. Throws 55000, with the plan as its detail, when
  /// the policy does not let it; 55006 while another apply runs.
  @discardableResult
  public func apply(_ configuration: Configuration, _ policy: ApplyPolicy) throws(ApusError) -> ConfigurationPlan {
    guard isApplying.exchange(true, ordering: .acquiringAndReleasing) == false else {
      throw ApusError(.objectInUse, "another apply is running")
    }
    defer { isApplying.store(false, ordering: .releasing) }
    let plan = try plan(configuration)
    if policy != .everything, plan.dropsData {
      throw ApusError(
        .objectNotInPrerequisiteState, "the configuration would drop data", detail: plan.text,
        hint: policy == .additions
          ? "Run apus apply --allow-drop, or change the file."
          : "Say --allow-drop (allow_drop => true) if that is meant.")
    }
    if policy == .additions, plan.recomputes {
      throw ApusError(
        .objectNotInPrerequisiteState, "the configuration would compute rollups anew", detail: plan.text,
        hint: "Run apus apply, or change the file.")
    }
    let session = makeSession()
    session.isConfiguring = true
    defer { session.close() }
    for (number, change) in plan.changes.enumerated() {
      do throws(ApusError) {
        for sql in change.sql { try session.run(sql) }
      } catch {
        var error = error
        let what = "\(change.kind) \"\(change.name)\"" + (change.option.map { ", \($0)" } ?? "")
        error.message = "\(what) (line \(change.place.line) of the file): \(error.message)"
        error.context = "\(number) of \(plan.changes.count) changes were made before it"
        error.position = nil
        throw error
      }
    }
    if !plan.records.isEmpty { _ = try store.apply(plan.records) }
    return plan
  }

  /// Whether an extension has been made.
  func hasExtension(_ name: String) -> Bool {
    store.snapshot().objects.contains { $0.kind == "extension" && $0.name == name }
  }

  /// Reads a text as SQL brings it.
  static func configuration(of text: String) throws(ApusError) -> Configuration {
    let reading = ConfigurationReading(text, environment: nil)
    guard reading.problems.isEmpty else {
      let lines = reading.problems.map { problem in
        "\(problem.place.line):\(problem.place.column): \(problem.message)" + (problem.hint.map { " (\($0))" } ?? "")
      }
      throw ApusError(.configFileError, lines.joined(separator: "\n"))
    }
    return reading.configuration
  }
}

extension Session {
  /// The one number that a query gives.
  func number(_ sql: String) throws(ApusError) -> Int64 {
    guard let statement = try parse(sql).first else { throw ApusError.unexpected("a query has no text") }
    let execution = try execute(try prepare(statement))
    var value = Value.null
    while let batch = try execution.next() {
      if batch.count > 0, let column = batch.compacted().columns.first { value = column.value(at: 0) }
    }
    try commitStatementGroup()
    return value.asInteger
  }

  /// Runs statements for their effect, and commits them.
  func run(_ sql: String) throws(ApusError) {
    do throws(ApusError) {
      for statement in try parse(sql) {
        let execution = try execute(try prepare(statement))
        while try execution.next() != nil {}
      }
      try commitStatementGroup()
    } catch {
      statementFailed()
      throw error
    }
  }
}
