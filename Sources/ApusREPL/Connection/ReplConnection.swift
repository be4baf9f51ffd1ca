// ReplConnection owns what the prompt needs of a database, whether it is open in this process or across a socket.

public import ApusBase

/// A column of a result.
public struct ResultColumn: Hashable, Sendable {
  public var name: String
  /// PostgreSQL's OID of its type.
  public var type: OID

  public init(_ name: String, type: OID) {
    self.name = name
    self.type = type
  }

  /// smallint to numeric, oid: aligned to the right.
  var isNumber: Bool { [20, 21, 23, 26, 700, 701, 1700, 790].contains(type) }
  var isBool: Bool { type == 16 }
  /// json and jsonb.
  var isJSON: Bool { type == 114 || type == 3802 }
  /// date, timestamp, timestamptz.
  var isTime: Bool { type == 1082 || type == 1114 || type == 1184 }
}

/// Where a connection stands between BEGIN and COMMIT.
public enum ReplTransaction: Sendable { case idle, inBlock, failed }

/// Takes what a statement gives, as it comes.
public protocol StatementSink: AnyObject {
  func notice(_ notice: Notice)
  /// A result begins.
  func begin(_ columns: [ResultColumn]) throws(ApusError)
  /// A row of it, nil for NULL.
  func row(_ values: [String?]) throws(ApusError)
  /// Data of COPY ... TO STDOUT.
  func copied(_ bytes: [UInt8]) throws(ApusError)
  /// The next data for COPY ... FROM STDIN; empty at the end.
  func copyData() throws(ApusError) -> [UInt8]
  /// The statement is done.
  func complete(_ tag: String) throws(ApusError)
}

/// A conversation with a database. Used by one thread; only what `canceller` gives is called by others.
public protocol ReplConnection: AnyObject {
  /// One line for people: what this is a connection to.
  var place: String { get }
  var transaction: ReplTransaction { get }
  /// False once the other side is gone.
  var isAlive: Bool { get }
  /// Cancels what runs at the moment of the call; callable from any thread.
  var canceller: @Sendable () -> Void { get }
  /// Runs one statement.
  func run(_ sql: String, _ sink: any StatementSink) throws(ApusError)
  /// Tries to connect anew after `isAlive` has become false.
  func reconnect() -> Bool
  func close()
}

/// Keeps the rows of a statement: for queries of the prompt's own.
final class RowCollector: StatementSink {
  var columns: [ResultColumn] = []
  var rows: [[String?]] = []

  func notice(_ notice: Notice) {}
  func begin(_ columns: [ResultColumn]) { self.columns = columns }
  func row(_ values: [String?]) { rows.append(values) }
  func copied(_ bytes: [UInt8]) {}
  func copyData() -> [UInt8] { [] }
  func complete(_ tag: String) {}
}

extension ReplConnection {
  /// All rows of a query.
  func rows(_ sql: String) throws(ApusError) -> [[String?]] {
    let collector = RowCollector()
    try run(sql, collector)
    return collector.rows
  }
}
