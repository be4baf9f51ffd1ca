// EvaluationContext owns what a function may ask of the session that runs it.

public import ApusBase
public import ApusColumns
import Synchronization

/// The session's settings and identity during one statement. A class, so that passing it costs a reference; immutable.
public final class EvaluationContext: Sendable {
  /// `now()`: the start of the transaction, in microseconds since 2000-01-01 UTC.
  public let transactionTime: PostgresMicroseconds
  public let statementTime: PostgresMicroseconds
  /// An IANA name ("UTC", "Europe/Berlin") or a fixed offset.
  public let timeZone: String
  public let user: String
  public let database: String
  public let searchPath: [String]
  /// PostgreSQL's extra_float_digits: 1 (shortest) unless a client sets it.
  public let extraFloatDigits: Int
  /// DateStyle's order part; output is always ISO.
  public let dateOrder: DateOrder
  public let catalog: (any CatalogLookup)?
  public let settings: @Sendable (String) -> String?
  /// Throws when the statement is cancelled or late: for functions that wait.
  public let checkInterrupts: (@Sendable () throws(ApusError) -> Void)?
  /// The session's random numbers.
  public let random: RandomSource

  public enum DateOrder: Sendable { case monthDayYear, dayMonthYear, yearMonthDay }

  public init(
    transactionTime: PostgresMicroseconds = 0, statementTime: PostgresMicroseconds = 0, timeZone: String = "UTC",
    user: String = "apus", database: String = "apus", searchPath: [String] = ["public"], extraFloatDigits: Int = 1,
    dateOrder: DateOrder = .monthDayYear, catalog: (any CatalogLookup)? = nil,
    settings: @escaping @Sendable (String) -> String? = { _ in nil },
    checkInterrupts: (@Sendable () throws(ApusError) -> Void)? = nil, random: RandomSource = RandomSource()
  ) {
    self.transactionTime = transactionTime
    self.statementTime = statementTime
    self.timeZone = timeZone
    self.user = user
    self.database = database
    self.searchPath = searchPath
    self.extraFloatDigits = extraFloatDigits
    self.dateOrder = dateOrder
    self.catalog = catalog
    self.settings = settings
    self.checkInterrupts = checkInterrupts
    self.random = random
  }

  public static let utc = EvaluationContext()
}

/// Where `random()` draws from: the system, or what `setseed()` has started.
public final class RandomSource: Sendable {
  private let seeded = Mutex<SeededRandom?>(nil)
  public init() {}

  public func seed(_ seed: Double) { seeded.withLock { $0 = SeededRandom(seed: seed.bitPattern) } }

  /// Fills with numbers from 0 up to 1.
  func fill(_ out: UnsafeMutablePointer<Double>, count: Int) {
    seeded.withLock { seeded in
      var system = SystemRandomNumberGenerator()
      for row in 0..<count {
        let bits = seeded?.next() ?? system.next()
        out[row] = Double(bits >> 11) * 0x1p-53
      }
    }
  }
}

/// What catalog functions and `reg` types ask: names to OIDs and back. The Engine implements it.
public protocol CatalogLookup: Sendable {
  /// `kind` is the reg type: `.regclass`, `.regtype`, `.regproc`, `.regnamespace`, `.regrole`, ...
  func name(of oid: OID, as kind: DataType) -> String?
  /// The OID of a possibly qualified, possibly quoted name; nil when there is none.
  func oid(named text: String, as kind: DataType) -> OID?
  /// Catalog functions that need the catalog itself (pg_get_userbyid, pg_table_is_visible, pg_get_expr,
  /// pg_get_constraintdef, col_description, pg_relation_size, ...), one call. nil means SQL NULL.
  func call(_ function: String, _ arguments: [Value]) throws(ApusError) -> Value
}
