// Chart owns the charts that \chart draws of the last result, out of block characters.

import ApusBase

/// A bar for each row, or columns along time.
struct Chart {
  enum Kind: String { case bar, line }

  /// Rows that a bar chart shows.
  static let barsMax = 200
  private static let lineHeight = 10
  private static let labelWidthMax = 30

  private let kind: Kind
  private let labels: [String]
  /// Values of one column, nil for NULL.
  private let series: [(name: String, values: [Double?])]
  private let width: Int
  private let rowCount: Int

  /// `names` are the columns to draw, all numeric ones when empty. A first name that is not numeric is the label's.
  init(_ table: ResultTable, kind: Kind?, names: [String], width: Int) throws(ApusError) {
    var drawn: [Int] = []
    var label: Int?
    for name in names {
      guard let index = table.columns.firstIndex(where: { $0.name == name }) else {
        throw ApusError(.undefinedColumn, "the last result has no column \"\(name)\"")
      }
      if table.columns[index].isNumber {
        drawn.append(index)
      } else if drawn.isEmpty, label == nil {
        label = index
      } else {
        throw ApusError(.datatypeMismatch, "column \"\(name)\" is not numeric")
      }
    }
    let numeric = table.columns.indices.filter { table.columns[$0].isNumber }
    if label == nil { label = table.columns.indices.first { !table.columns[$0].isNumber } }
    // Where all are numbers, the first is what the others are drawn over.
    if label == nil, numeric.count > 1, drawn.isEmpty || !drawn.contains(numeric[0]) { label = numeric.first }
    if drawn.isEmpty { drawn = numeric.filter { $0 != label } }
    guard !drawn.isEmpty else {
      throw ApusError(.datatypeMismatch, "the last result has no numeric column to draw")
    }
    let isTime = label.map { table.columns[$0].isTime } ?? false
    self.kind = kind ?? (isTime && table.rows.count > 1 ? .line : .bar)
    labels = table.rows.enumerated().map { number, row in
      guard let label else { return String(number + 1) }
      return TextWidth.lines(row[label] ?? "NULL").joined(separator: " ")
    }
    series = drawn.map { index in
      (
        table.columns[index].name,
        table.rows.map { $0[index].flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }
      )
    }
    self.width = max(40, width)
    rowCount = table.rows.count
  }

  var lines: [String] {
    guard rowCount > 0 else { return ["(0 rows)"] }
    var out: [String] = []
    for (index, one) in series.enumerated() {
      if index > 0 { out.append("") }
      out.append(TextWidth.lines(one.name).joined(separator: " "))
      out += kind == .bar ? bars(one.values) : columns(one.values)
    }
    return out
  }

  private static func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    let magnitude = abs(value)
    guard magnitude >= 1e-4, magnitude < 1e15 else { return String(value) }
    let scale = magnitude >= 100 ? 100.0 : 10_000.0
    return String((value * scale).rounded() / scale)
  }

  /// What values are divided by, so that no length overflows: a power of two, which divides exactly.
  private static func scale(_ values: [Double?]) -> Double {
    let most = values.reduce(0) { max($0, abs($1 ?? 0)) }
    guard most.isNormal else { return 1 }
    return Double(sign: .plus, exponent: min(1022, most.exponent), significand: 1)
  }

  // MARK: - Bars

  private static let eighths: [Character] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  private func bars(_ values: [Double?]) -> [String] {
    let shown = min(rowCount, Self.barsMax)
    let texts = values.prefix(shown).map { $0.map { Self.number($0) } ?? "" }
    let labels = self.labels.prefix(shown).map { Self.cut($0) }
    let labelWidth = labels.map { TextWidth.of($0) }.max() ?? 0
    let textWidth = texts.map(\.count).max() ?? 0
    let scale = Self.scale(values)
    let values = values.map { $0.map { $0 / scale } }
    let known = values.prefix(shown).compactMap { $0 }
    let (low, high) = (min(0, known.min() ?? 0), max(0, known.max() ?? 0))
    let room = max(10, width - labelWidth - textWidth - 4)
    let span = high - low
    let left = span > 0 ? Int((Double(room) * (-low / span)).rounded(.up)) : 0
    var out: [String] = []
    for index in 0..<shown {
      let name = TextWidth.pad(labels[index], to: labelWidth)
      let value = values[index] ?? 0
      var bar = ""
      if value < 0 {
        let cells = min(left, max(1, Int((value / low * Double(left)).rounded())))
        bar = String(repeating: " ", count: left - cells) + String(repeating: "█", count: cells) + "│"
      } else {
        let eighths = value > 0 && high > 0 ? max(1, Int((value / high * Double(room - left) * 8).rounded())) : 0
        bar = (left > 0 ? String(repeating: " ", count: left) + "│" : "") + String(repeating: "█", count: eighths / 8)
        if eighths % 8 > 0 { bar.append(Self.eighths[eighths % 8]) }
      }
      out.append("\(name) │\(bar)\(texts[index].isEmpty ? " NULL" : " " + texts[index])")
    }
    if rowCount > shown { out.append("... and \(rowCount - shown) more rows") }
    return out
  }

  private static func cut(_ label: String) -> String {
    guard TextWidth.of(label) > labelWidthMax else { return label }
    var text = label
    while TextWidth.of(text) > labelWidthMax - 1 { text.removeLast() }
    return text + "…"
  }

  // MARK: - Columns along the rows

  private static let heights: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// A row of the result is one column of the chart or more; where there are more rows than columns, a column shows
  /// the mean of its rows.
  private func columns(_ values: [Double?]) -> [String] {
    let scale = Self.scale(values)
    let values = values.map { $0.map { $0 / scale } }
    let known = values.compactMap { $0 }
    guard let least = known.min(), let most = known.max() else { return ["(only NULL)"] }
    // From zero, unless what there is lies far from it.
    let low = least >= 0 && least < most * 0.8 ? 0 : least == most && least > 0 ? 0 : least
    let high = most > low ? most : low + 1
    let axis = [high, (high + low) / 2, low].map { Self.number($0 * scale) }
    let axisWidth = axis.map(\.count).max() ?? 0
    let room = max(10, width - axisWidth - 3)
    let cells = spread(values, over: room)
    let levels = Self.lineHeight * 8
    var out: [String] = []
    for line in 0..<Self.lineHeight {
      let floor = (Self.lineHeight - 1 - line) * 8
      var text = ""
      for cell in cells {
        guard let cell else {
          text.append(" ")
          continue
        }
        // The lowest value keeps a mark, so that it differs from NULL.
        let height = max(1, Int(((cell - low) / (high - low) * Double(levels)).rounded()))
        text.append(Self.heights[min(8, max(0, height - floor))])
      }
      let name =
        line == 0 ? axis[0] : line == Self.lineHeight / 2 ? axis[1] : line == Self.lineHeight - 1 ? axis[2] : ""
      out.append("\(TextWidth.pad(name, to: axisWidth, .right)) ┤\(text)")
    }
    out.append(String(repeating: " ", count: axisWidth + 1) + "└" + String(repeating: "─", count: cells.count))
    let (first, last) = (Self.cut(labels.first ?? ""), Self.cut(labels.last ?? ""))
    let gap = max(1, cells.count - TextWidth.of(first) - TextWidth.of(last))
    out.append(String(repeating: " ", count: axisWidth + 2) + first + String(repeating: " ", count: gap) + last)
    return out
  }

  private func spread(_ values: [Double?], over room: Int) -> [Double?] {
    if values.count <= room {
      let each = max(1, min(8, room / values.count))
      return values.flatMap { Array(repeating: $0, count: each) }
    }
    return (0..<room).map { cell in
      let part = values[(cell * values.count / room)..<((cell + 1) * values.count / room)].compactMap { $0 }
      return part.isEmpty ? nil : part.reduce(0, +) / Double(part.count)
    }
  }
}
