// CopyFormat owns the options of COPY, read and checked as PostgreSQL does.

public import ApusBase
import ApusSyntax

/// The form of the data of a COPY.
public struct CopyFormat: Sendable, Hashable {
  public enum Form: String, Sendable { case text, csv, binary }
  public var form = Form.text
  public var delimiter: UInt8 = 9
  public var null = "\\N"
  public var quote: UInt8 = 34
  public var escape: UInt8 = 34
  public var hasHeader = false
  /// Columns whose CSV values are quoted even without need; `*` is all.
  public var forceQuote: Set<String> = []
  public var forcesAllQuotes = false
  public var forceNull: Set<String> = []
  public var forceNotNull: Set<String> = []

  public init() {}

  public static func csv(hasHeader: Bool) -> CopyFormat {
    var format = CopyFormat()
    format.form = .csv
    format.delimiter = 44
    format.null = ""
    format.hasHeader = hasHeader
    return format
  }

  init(_ options: [StatementOption], isFrom: Bool) throws(ApusError) {
    if let named = options.first(where: { $0.name == "format" }) {
      guard let form = Form(rawValue: named.text) else {
        throw ApusError(
          .invalidParameterValue, "COPY format \"\(named.text)\" not recognized", position: named.position)
      }
      self.form = form
    }
    if form == .csv {
      delimiter = 44
      null = ""
    }
    for option in options { try apply(option, isFrom: isFrom) }
    if form == .csv, !options.contains(where: { $0.name == "escape" }) { escape = quote }
  }

  private mutating func apply(_ option: StatementOption, isFrom: Bool) throws(ApusError) {
    switch option.name {
    case "format": return
    case "delimiter": delimiter = try Self.oneByte(option)
    case "null": null = option.text
    case "header":
      guard form != .binary else { throw ApusError.unsupported("HEADER in BINARY mode is") }
      hasHeader = Self.flag(option)
    case "quote": quote = try csvOnly(option)
    case "escape": escape = try csvOnly(option)
    case "force_quote":
      if case .star? = option.value { forcesAllQuotes = true } else { forceQuote = Self.names(option) }
    case "force_null": forceNull = Self.names(option)
    case "force_not_null": forceNotNull = Self.names(option)
    case "encoding":
      let name = option.text.lowercased().filter { $0 != "-" && $0 != "_" }
      guard name == "utf8" else { throw ApusError.unsupported("COPY encoding \"\(option.text)\" (only UTF8) is") }
    case "freeze": return
    default:
      throw ApusError(.syntaxError, "option \"\(option.name)\" not recognized", position: option.position)
    }
  }

  private func csvOnly(_ option: StatementOption) throws(ApusError) -> UInt8 {
    guard form == .csv else {
      throw ApusError(.featureNotSupported, "COPY \(option.name) available only in CSV mode", position: option.position)
    }
    return try Self.oneByte(option)
  }

  private static func oneByte(_ option: StatementOption) throws(ApusError) -> UInt8 {
    let bytes = Array(option.text.utf8)
    guard bytes.count == 1, bytes[0] != 10, bytes[0] != 13 else {
      throw ApusError(
        .featureNotSupported, "COPY \(option.name) must be a single one-byte character", position: option.position)
    }
    return bytes[0]
  }

  private static func flag(_ option: StatementOption) -> Bool {
    option.value == nil || option.text == "match" || SettingDefinition.boolean(option.text) == true
  }

  private static func names(_ option: StatementOption) -> Set<String> {
    guard case .list(let values)? = option.value else { return [] }
    return Set(
      values.compactMap { value in
        switch value {
        case .string(let text): text
        case .word(let parts): parts.last
        default: nil
        }
      })
  }
}
