// TableFormatter owns the tables for people: boxes, psql's aligned form, Markdown, and each with a column a line.

/// A whole result.
struct ResultTable {
  var columns: [ResultColumn]
  var rows: [[String?]]
  var title: String?
  var tellsCount = true

  init(columns: [ResultColumn], rows: [[String?]], title: String? = nil) {
    self.columns = columns
    self.rows = rows
    self.title = title
  }
}

/// Gives the lines of a table one by one, so that showing a long one can be stopped.
struct TableFormatter {
  let options: FormatOptions
  let columns: [ResultColumn]
  private let headers: [[String]]
  private let table: ResultTable
  private let widths: [Int]

  init(_ table: ResultTable, _ options: FormatOptions) {
    self.options = options
    self.table = table
    columns = table.columns
    headers = table.columns.map { TextWidth.lines($0.name) }
    var widths = headers.map { $0.map { TextWidth.of($0) }.max() ?? 0 }
    for row in table.rows {
      for index in widths.indices where index < row.count {
        for line in TextWidth.lines(row[index] ?? options.nullText) {
          widths[index] = max(widths[index], TextWidth.of(line))
        }
      }
    }
    self.widths = widths
  }

  private func cell(_ row: [String?], _ index: Int) -> [String] {
    TextWidth.lines((index < row.count ? row[index] : nil) ?? options.nullText)
  }

  var rowCount: String { table.rows.count == 1 ? "(1 row)" : "(\(table.rows.count) rows)" }

  var isExpanded: Bool {
    switch options.expansion {
    case .on: return true
    case .off: return false
    case .auto:
      guard let width = options.width, options.format != .markdown, !table.rows.isEmpty else { return false }
      let borders = options.format == .box ? 3 * columns.count + 1 : 3 * columns.count - 1
      return widths.reduce(borders, +) > width
    }
  }

  /// `emit` is given each line; it returns false to stop.
  func write(_ emit: (String) -> Bool) {
    if let title = table.title {
      let whole = widths.reduce(0, +) + 3 * max(0, columns.count - 1) + 2
      guard emit(isExpanded ? title : TextWidth.pad("", to: max(0, whole - TextWidth.of(title)) / 2) + title) else {
        return
      }
    }
    if isExpanded {
      if table.rows.isEmpty ? emit("(0 rows)") : writeExpanded(emit) { _ = emit("") }
      return
    }
    let isWhole: Bool
    switch options.format {
    case .markdown: isWhole = writeMarkdown(emit)
    case .aligned: isWhole = writeAligned(emit)
    default: isWhole = writeBox(emit)
    }
    guard isWhole, options.format != .markdown else { return }
    if !table.tellsCount || emit(rowCount) { _ = emit("") }
  }

  // MARK: - Box

  private func rule(_ left: String, _ middle: String, _ right: String) -> String {
    left + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right
  }

  private func writeBox(_ emit: (String) -> Bool) -> Bool {
    guard !columns.isEmpty else { return true }
    guard emit(rule("┌", "┬", "┐")), boxRow(headers, emit), emit(rule("├", "┼", "┤")) else { return false }
    for row in table.rows {
      guard boxRow(columns.indices.map { cell(row, $0) }, emit) else { return false }
    }
    return emit(rule("└", "┴", "┘"))
  }

  private func boxRow(_ cells: [[String]], _ emit: (String) -> Bool) -> Bool {
    for line in 0..<(cells.map(\.count).max() ?? 1) {
      var text = "│"
      for index in columns.indices {
        let part = line < cells[index].count ? cells[index][line] : ""
        text += " " + TextWidth.pad(part, to: widths[index], columns[index].isNumber ? .right : .left) + " │"
      }
      guard emit(text) else { return false }
    }
    return true
  }

  // MARK: - psql's aligned form

  private func writeAligned(_ emit: (String) -> Bool) -> Bool {
    guard alignedRow(headers, isHeader: true, emit) else { return false }
    guard emit(widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+")) else { return false }
    for row in table.rows {
      guard alignedRow(columns.indices.map { cell(row, $0) }, isHeader: false, emit) else { return false }
    }
    return true
  }

  private func alignedRow(_ cells: [[String]], isHeader: Bool, _ emit: (String) -> Bool) -> Bool {
    for line in 0..<(cells.map(\.count).max() ?? 1) {
      var text = ""
      for index in columns.indices {
        let part = line < cells[index].count ? cells[index][line] : ""
        let goesOn = line + 1 < cells[index].count
        let isLast = index == columns.count - 1
        let alignment: TextWidth.Alignment = isHeader ? .centre : columns[index].isNumber ? .right : .left
        // The last column is padded only where something stands behind it.
        let needsPad = isHeader || !isLast || goesOn || alignment == .right
        text += " " + (needsPad ? TextWidth.pad(part, to: widths[index], alignment) : part)
        if goesOn { text += "+" } else if isHeader || !isLast { text += " " }
        if !isLast { text += "|" }
      }
      guard emit(text) else { return false }
    }
    return true
  }

  // MARK: - Markdown

  private func writeMarkdown(_ emit: (String) -> Bool) -> Bool {
    func line(_ cells: [[String]]) -> String {
      let texts = cells.map { lines in
        lines.map { $0.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
          .joined(separator: "<br>")
      }
      return "| " + texts.joined(separator: " | ") + " |"
    }
    guard emit(line(headers)) else { return false }
    guard emit("|" + columns.map { $0.isNumber ? "--:" : "---" }.joined(separator: "|") + "|") else { return false }
    for row in table.rows {
      guard emit(line(columns.indices.map { cell(row, $0) })) else { return false }
    }
    return emit("")
  }

  // MARK: - A column a line

  private func writeExpanded(_ emit: (String) -> Bool) -> Bool {
    let names = headers.map { $0.map { TextWidth.of($0) }.max() ?? 0 }.max() ?? 0
    let values = widthOfValues
    for (number, row) in table.rows.enumerated() {
      guard emit(recordLine(number + 1, names, values)) else { return false }
      for index in columns.indices {
        let (name, lines) = (headers[index], cell(row, index))
        for line in 0..<max(name.count, lines.count) {
          let left = TextWidth.pad(line < name.count ? name[line] : "", to: names)
          let right = line < lines.count ? lines[line] : ""
          guard emit(expandedLine(left, right, values, goesOn: line + 1 < lines.count)) else { return false }
        }
      }
    }
    guard options.format == .box else { return true }
    return emit("└" + String(repeating: "─", count: names + 2) + "┴" + String(repeating: "─", count: values + 2) + "┘")
  }

  private var widthOfValues: Int {
    var width = 0
    var isMultiline = false
    for row in table.rows {
      for index in columns.indices {
        let lines = cell(row, index)
        if lines.count > 1 { isMultiline = true }
        for line in lines { width = max(width, TextWidth.of(line)) }
      }
    }
    // psql leaves room for the mark that a value goes on.
    return isMultiline && options.format == .aligned ? width + 1 : width
  }

  private func expandedLine(_ left: String, _ right: String, _ width: Int, goesOn: Bool) -> String {
    switch options.format {
    case .box: "│ \(left) │ \(TextWidth.pad(right, to: width)) │"
    case .markdown: "| \(left) | \(right) |"
    default: goesOn ? "\(left) | \(TextWidth.pad(right, to: width))+" : "\(left) | \(right)"
    }
  }

  private func recordLine(_ number: Int, _ names: Int, _ values: Int) -> String {
    switch options.format {
    case .markdown: return "\n| record | \(number) |\n|---|---|"
    case .box:
      let (left, mid, right) = number == 1 ? ("┌", "┬", "┐") : ("├", "┼", "┤")
      let label = "─ \(number) "
      let bar = Array(
        String(repeating: "─", count: names + 2) + mid + String(repeating: "─", count: values + 2))
      return left + label + String(bar.dropFirst(label.count)) + right
    default:
      // As psql: the label lies over the rule.
      let label = "-[ RECORD \(number) ]"
      let bar = Array(
        String(repeating: "-", count: names + 1) + "+" + String(repeating: "-", count: values + 1))
      return label + String(bar.dropFirst(label.count))
    }
  }
}
