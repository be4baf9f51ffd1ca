// Execution owns one running statement: its columns, its rows as they are pulled, and its command tag at the end.

public import ApusBase
public import ApusColumns
public import ApusPlan

/// What a statement does when it runs. Pulled by one thread.
public final class Execution {
  /// The result columns; empty for a statement without rows.
  public let fields: [Field]
  /// Whether the statement returns rows (even none of them): RowDescription rather than NoData.
  public let returnsRows: Bool
  /// Set for COPY ... FROM STDIN: the client's data go here, then `finish`.
  public let copyInput: CopyInput?
  /// Set for COPY ... TO STDOUT: the rows are sent as CopyData in this form.
  public let copyOutput: CopyFormat?

  private let source: (() throws(ApusError) -> Batch?)?
  private let verb: String
  private let finished: (() -> String)?
  private var rowCount = 0
  private var isDone = false

  /// A statement with rows. The tag is `verb` and the count of rows pulled.
  init(
    fields: [Field], verb: String = "SELECT", copyOutput: CopyFormat? = nil, fixedTag: String? = nil,
    source: @escaping () throws(ApusError) -> Batch?
  ) {
    self.fields = fields
    returnsRows = true
    copyInput = nil
    self.copyOutput = copyOutput
    self.source = source
    self.verb = verb
    finished = fixedTag.map { tag in { tag } }
  }

  /// A statement that has taken effect and shows rows of it (RETURNING).
  init(fields: [Field], batches: [Batch], tag: @escaping () -> String) {
    self.fields = fields
    returnsRows = true
    copyInput = nil
    copyOutput = nil
    var rest = batches[...]
    source = { () throws(ApusError) -> Batch? in rest.popFirst() }
    verb = ""
    finished = tag
  }

  /// A statement without rows. `tag` is asked for when the statement has taken effect.
  init(tag: @escaping () -> String, copyInput: CopyInput? = nil) {
    fields = []
    returnsRows = false
    self.copyInput = copyInput
    copyOutput = nil
    source = nil
    verb = ""
    finished = tag
  }

  convenience init(command: String) { self.init(tag: { command }) }

  /// Whether all rows have been pulled. Always so for statements without rows.
  public var isFinished: Bool { source == nil || isDone }

  /// The next rows; nil at the end.
  public func next() throws(ApusError) -> Batch? {
    guard let source, !isDone else { return nil }
    guard let batch = try source() else {
      isDone = true
      return nil
    }
    rowCount += batch.count
    return batch
  }

  /// The command tag (`SELECT 5`, `INSERT 0 1`). For writes outside a block, read it after
  /// `Session.commitStatementGroup`: only then the count of stored rows is known.
  public var tag: String { finished?() ?? "\(verb) \(rowCount)" }
}

/// A statement that has been parsed and, where it has parameters or rows, bound once to learn their types.
public struct PreparedStatement: Sendable {
  public let text: String
  /// Types of `$1`...; all of them decided.
  public let parameterTypes: [DataType]
  /// nil for a statement without rows.
  public let fields: [Field]?
  let statement: StatementBody
}

public enum TransactionStatus: Sendable { case idle, inBlock, failed }
