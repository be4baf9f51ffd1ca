// TableOptionReader owns the WITH (...) of CREATE TABLE: names, values and their checks.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

enum TableOptionReader {
  static let known = [
    "time_column", "partition", "retention", "dedupe_key", "dedupe_window", "order_by", "accept_past", "accept_future",
  ]

  /// Options as the store takes them. Without `time_column`, a table with a column `time` of a timestamp type uses it.
  static func options(
    _ given: [StatementOption], columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) -> TableOptions {
    var options = TableOptions()
    var windowIsGiven = false
    var retention: StatementOption?
    if let time = columns.first(where: { $0.name == "time" }), time.type.type == .timestamptz {
      options.timeColumn = "time"
    }
    options.acceptFutureSeconds = nil
    for option in given {
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
      case "retention":
        options.retentionSeconds = try seconds(text, option)
        retention = option
      case "dedupe_key":
        let column = try column(text, columns, option)
        guard column.type.type == .text || column.type.type == .uuid || column.type.type == .varchar else {
          throw ApusError(
            .invalidParameterValue, "dedupe_key \"\(text)\" must be text or uuid", position: option.position)
        }
        options.dedupeKey = text
      case "dedupe_window":
        options.dedupeWindowSeconds = try seconds(text, option)
        windowIsGiven = true
      case "order_by":
        var names: [String] = []
        for part in text.split(separator: ",") {
          let name = part.trimmingSpaces()
          names.append(try column(name, columns, option).name)
        }
        options.orderBy = names
      case "accept_past": options.acceptPastSeconds = try seconds(text, option)
      case "accept_future": options.acceptFutureSeconds = try seconds(text, option)
      default:
        throw unrecognised(option)
      }
      options.given[option.name] = text
    }
    if windowIsGiven, options.dedupeKey == nil {
      throw ApusError(.invalidParameterValue, "dedupe_window needs dedupe_key")
    }
    if let retention, options.timeColumn == nil { throw retentionNeedsTime(retention) }
    return options
  }

  static func unrecognised(_ option: StatementOption) -> ApusError {
    ApusError(
      .invalidParameterValue, "unrecognized parameter \"\(option.name)\"",
      hint: "Known are: \(known.joined(separator: ", ")).", position: option.position)
  }

  static func retentionNeedsTime(_ option: StatementOption) -> ApusError {
    ApusError(
      .invalidParameterValue, "option \"retention\" needs a time column", hint: "name one with time_column",
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

  /// A duration such as '1 day' or '90 days'; a month is refused, since it has no fixed length.
  static func seconds(_ text: String, _ option: StatementOption) throws(ApusError) -> Int64 {
    let value = try TextFormat.input(text, type: TypeReference(.interval), settings: FormatSettings.utc)
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
