// TableOptionReader owns the options of tables as SQL gives them, in WITH (...) of CREATE TABLE and in ALTER TABLE ...
// SET: names, values and their checks.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

enum TableOptionReader {
  static let known = ConfigurationSchema.tableOptions.compactMap(\.with)

  /// Options as the store takes them. Without `time_column`, a table with a column `time` of a timestamp type uses it.
  static func options(
    _ given: [StatementOption], columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) -> TableOptions {
    var options = TableOptions()
    if let time = columns.first(where: { $0.name == "time" }), time.type.type == .timestamptz {
      options.timeColumn = "time"
    }
    options.acceptFutureSeconds = nil
    options.entity = EntityColumns.standard(columns)
    for option in given { try set(option, in: &options, columns: columns) }
    try check(options, given: given)
    return options
  }

  /// What ALTER TABLE ... SET changes.
  static func set(_ given: [StatementOption], in definition: inout TableDefinition) throws(ApusError) {
    for option in given {
      if option.name == "partition", definition.timeColumn == nil { throw needsTime(option) }
      try set(option, in: &definition.options, columns: definition.liveColumns)
      if option.name == "retention" { definition.options.isRetentionHeld = nil }
    }
    try check(definition.options, given: given)
  }

  /// What ALTER TABLE ... RESET brings back to what it is when nobody sets it.
  static func reset(_ given: [StatementOption], in definition: inout TableDefinition) throws(ApusError) {
    let plain = TableOptions()
    for option in given {
      switch option.name {
      case "time_column": definition.options.timeColumn = nil
      case "partition": definition.options.partitionSeconds = plain.partitionSeconds
      case "retention":
        definition.options.retentionSeconds = nil
        definition.options.isRetentionHeld = nil
      case "dedupe_key": definition.options.dedupeKey = nil
      case "dedupe_window": definition.options.dedupeWindowSeconds = plain.dedupeWindowSeconds
      case "order_by": definition.options.orderBy = nil
      case "accept_past": definition.options.acceptPastSeconds = nil
      case "accept_future": definition.options.acceptFutureSeconds = nil
      case "max_columns": definition.options.propertyColumnsMax = nil
      case "entity": definition.options.entity = EntityColumns.standard(definition.liveColumns)
      default: throw unrecognised(option)
      }
      definition.options.given[option.name] = nil
    }
  }

  private static func set(
    _ option: StatementOption, in options: inout TableOptions, columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) {
    let text = option.text
    switch option.name {
    case "time_column":
      let column = try column(text, columns, option)
      guard column.type.type == .timestamptz || column.type.type == .timestamp else {
        throw ApusError(
          .invalidParameterValue, "time_column \"\(text)\" must be timestamptz or timestamp",
          position: option.position)
      }
      options.timeColumn = text
    case "partition": options.partitionSeconds = try seconds(text, option)
    case "retention": options.retentionSeconds = try seconds(text, option)
    case "dedupe_key":
      let column = try column(text, columns, option)
      guard column.type.type == .text || column.type.type == .uuid || column.type.type == .varchar else {
        throw ApusError(
          .invalidParameterValue, "dedupe_key \"\(text)\" must be text or uuid", position: option.position)
      }
      options.dedupeKey = text
    case "dedupe_window": options.dedupeWindowSeconds = try seconds(text, option)
    case "order_by":
      var names: [String] = []
      for part in text.split(separator: ",") {
        let name = part.trimmingSpaces()
        let column = try column(name, columns, option)
        guard column.type.type.isSortKey else {
          throw ApusError.unsupported(
            "order_by a column of type \(column.type.type.sqlName) is", position: option.position)
        }
        names.append(column.name)
      }
      options.orderBy = names
    case "accept_past": options.acceptPastSeconds = text == "retention" ? nil : try seconds(text, option)
    case "accept_future": options.acceptFutureSeconds = text == "any" ? nil : try seconds(text, option)
    case "max_columns":
      guard let most = Int(text), most >= 1, most <= Limits.propertyColumnsPerSegmentMax else {
        throw ApusError(
          .invalidParameterValue,
          "option \"max_columns\" is a number from 1 to \(Limits.propertyColumnsPerSegmentMax), not \"\(text)\"",
          position: option.position)
      }
      options.propertyColumnsMax = most
    case "entity": options.entity = try EntityColumns.named(option, columns)
    default: throw unrecognised(option)
    }
    options.given[option.name] = text
  }

  /// What must fit together.
  private static func check(_ options: TableOptions, given: [StatementOption]) throws(ApusError) {
    if options.dedupeKey == nil, let window = given.first(where: { $0.name == "dedupe_window" }) {
      throw ApusError(.invalidParameterValue, "dedupe_window needs dedupe_key", position: window.position)
    }
    if options.timeColumn == nil, options.retentionSeconds != nil {
      let option = given.first { $0.name == "retention" } ?? given.first { $0.name == "time_column" }
      if let option { throw needsTime(option) }
    }
  }

  static func unrecognised(_ option: StatementOption) -> ApusError {
    ApusError(
      .invalidParameterValue, "unrecognized parameter \"\(option.name)\"", hint: hint(of: known, nearest: option.name),
      position: option.position)
  }

  /// Tells the options that there are, the likeliest first.
  static func hint(of names: [String], nearest name: String) -> String {
    let nearest = EditDistance.nearest(to: name, among: names).map { "Did you mean \"\($0)\"? " } ?? ""
    return "\(nearest)Known are: \(names.joined(separator: ", "))."
  }

  private static func needsTime(_ option: StatementOption) -> ApusError {
    ApusError(
      .invalidParameterValue, "option \"\(option.name)\" needs a time column", hint: "name one with time_column",
      position: option.position)
  }

  private static func column(
    _ name: String, _ columns: [ApusStore.ColumnDefinition], _ option: StatementOption
  ) throws(ApusError) -> ApusStore.ColumnDefinition {
    guard let column = columns.first(where: { $0.name == name }) else {
      throw ApusError(
        .undefinedColumn, "column \"\(name)\" named in option \"\(option.name)\" does not exist",
        position: option.position)
    }
    return column
  }

  /// A duration such as '1 day' or '90 days'. A month, which has no fixed length, is refused unless it is an age.
  static func seconds(_ text: String, _ option: StatementOption) throws(ApusError) -> Int64 {
    guard let value = try? TextFormat.input(text, type: TypeReference(.interval), settings: FormatSettings.utc) else {
      throw ApusError(
        .invalidParameterValue, "option \"\(option.name)\" is a length of time like '90 days', not \"\(text)\"",
        position: option.position)
    }
    // An age may be in months and years; widths and windows are of fixed length.
    if option.name == "retention", case .interval(let interval) = value {
      return try FixedDuration.seconds(of: interval, what: "option \"retention\"")
    }
    guard case .interval(let interval) = value, interval.months == 0 else {
      throw ApusError(
        .invalidParameterValue, "option \"\(option.name)\" needs a duration of fixed length, not \"\(text)\"",
        position: option.position)
    }
    let total = Int64(interval.days) * 86_400 + interval.microseconds / 1_000_000
    guard total > 0 else {
      throw ApusError(.invalidParameterValue, "option \"\(option.name)\" must be positive", position: option.position)
    }
    return total
  }
}
