// FormatSettings owns what the text forms of values depend on: the session's zone, digits, date order and time.

public import ApusBase

/// The order of day, month and year in ambiguous input (DateStyle's second half).
public enum DateOrder: Sendable, Hashable { case monthDayYear, dayMonthYear, yearMonthDay }

/// What input and output of values take from the session. Output of dates is always ISO, of intervals `postgres`.
public struct FormatSettings: Sendable {
  public var timeZone: TimeZone
  /// extra_float_digits: above 0, the shortest text that reads back.
  public var extraFloatDigits: Int
  public var dateOrder: DateOrder
  /// The transaction's time: what `now` and `today` mean.
  public var now: PostgresMicroseconds
  /// Names of catalog objects for the `reg` types: OID and type to name. nil: the number is shown.
  public var objectName: (@Sendable (OID, DataType) -> String?)?
  /// The inverse. nil result: there is no such object.
  public var objectID: (@Sendable (String, DataType) -> OID?)?

  public init(
    timeZone: TimeZone = .utc, extraFloatDigits: Int = 1, dateOrder: DateOrder = .monthDayYear,
    now: PostgresMicroseconds = 0, objectName: (@Sendable (OID, DataType) -> String?)? = nil,
    objectID: (@Sendable (String, DataType) -> OID?)? = nil
  ) {
    self.timeZone = timeZone
    self.extraFloatDigits = extraFloatDigits
    self.dateOrder = dateOrder
    self.now = now
    self.objectName = objectName
    self.objectID = objectID
  }

  public static let utc = FormatSettings()
}
