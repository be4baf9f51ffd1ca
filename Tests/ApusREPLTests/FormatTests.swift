// Tests of tables, data formats, charts and error reports against the text they must give.

import ApusBase
import Testing

@testable import ApusREPL

private func lines(_ table: ResultTable, _ options: FormatOptions) -> [String] {
  var out: [String] = []
  TableFormatter(table, options).write {
    out.append($0)
    return true
  }
  return out
}

private let mixed = ResultTable(
  columns: [ResultColumn("id", type: 20), ResultColumn("name", type: 25)],
  rows: [["1", "one"], ["20", nil], ["3", "two\nlines"]])

@Suite struct `Result formats` {
  @Test func `a box has numbers on the right and a line for each line of a value`() {
    #expect(
      lines(mixed, FormatOptions(format: .box)) == [
        "┌────┬───────┐", "│ id │ name  │", "├────┼───────┤", "│  1 │ one   │", "│ 20 │ NULL  │", "│  3 │ two   │",
        "│    │ lines │", "└────┴───────┘", "(3 rows)", "",
      ])
  }

  @Test func `the aligned form is psql's`() {
    #expect(
      lines(mixed, FormatOptions(format: .aligned)) == [
        " id | name  ", "----+-------", "  1 | one", " 20 | ", "  3 | two  +", "    | lines", "(3 rows)", "",
      ])
    var options = FormatOptions(format: .aligned)
    options.expansion = .on
    options.null = "-"
    #expect(
      lines(mixed, options) == [
        "-[ RECORD 1 ]", "id   | 1", "name | one", "-[ RECORD 2 ]", "id   | 20", "name | -", "-[ RECORD 3 ]",
        "id   | 3",
        "name | two   +", "     | lines", "",
      ])
  }

  @Test func `a table too wide for the terminal is expanded when that is left to it`() {
    var options = FormatOptions(format: .box)
    options.expansion = .auto
    options.width = 14
    #expect(!TableFormatter(mixed, options).isExpanded)
    options.width = 13
    #expect(TableFormatter(mixed, options).isExpanded)
    #expect(lines(mixed, options).first == "┌─ 1 ──┬───────┐")
  }

  @Test func `Markdown escapes bars and line ends`() {
    let table = ResultTable(columns: [ResultColumn("a|b", type: 25)], rows: [["x|y\nz"], [nil]])
    #expect(lines(table, FormatOptions(format: .markdown)) == ["| a\\|b |", "|---|", "| x\\|y<br>z |", "|  |", ""])
  }

  private func data(_ format: ResultFormat, _ rows: [[String?]], _ columns: [ResultColumn]) -> String {
    var writer = RowWriter(FormatOptions(format: format), columns)
    var text = writer.start()
    for row in rows { text += writer.row(row) }
    return text + writer.end()
  }

  @Test func `CSV quotes where it must, and tells an empty text from NULL`() {
    let columns = [ResultColumn("a", type: 25), ResultColumn("b,c", type: 25)]
    let text = data(.csv, [["x\"y", nil], ["", "l\nm"]], columns)
    #expect(text == "a,\"b,c\"\n\"x\"\"y\",\n\"\",\"l\nm\"\n")
  }

  @Test func `JSON has numbers, truth values, documents and null as they are`() {
    let columns = [
      ResultColumn("n", type: 1700), ResultColumn("b", type: 16), ResultColumn("j", type: 3802),
      ResultColumn("t", type: 25),
    ]
    let rows: [[String?]] = [["-1.50", "t", "{\"a\": 1}", "x\"y"], ["NaN", "f", nil, nil]]
    #expect(
      data(.ndjson, rows, columns) == """
        {"n":-1.50,"b":true,"j":{"a": 1},"t":"x\\"y"}
        {"n":"NaN","b":false,"j":null,"t":null}

        """)
    #expect(data(.json, [], columns) == "[]\n")
    #expect(data(.json, [rows[1], rows[1]], [columns[0]]) == "[{\"n\":\"NaN\"},\n {\"n\":\"NaN\"}]\n")
  }

  @Test func `widths count columns of the terminal`() {
    let texts = [("abc", 3), ("日本", 4), ("é", 1), ("e\u{301}", 1), ("👩‍👩‍👧", 2), ("한글", 4), ("ﾊ", 1), ("✈️", 2)]
    for (text, width) in texts {
      #expect(TextWidth.of(text) == width, "\(text)")
    }
  }

  @Test func `control characters of values never reach the terminal`() {
    #expect(TextWidth.lines("a\u{1B}[2Jb") == ["a\\x1B[2Jb"])
    #expect(TextWidth.lines("a\tb\r\nc\u{9B}") == ["a       b\\r", "c\\x9B"])
    #expect(TextWidth.lines("\u{202E}x") == ["\\u202Ex"])
  }
}

@Suite struct `Error reports` {
  @Test func `the caret stands under the place`() {
    let error = ApusError(.undefinedColumn, "column \"x\" does not exist", hint: "Try y.", position: 12)
    #expect(
      ErrorReport.text(error, sql: "SELECT 1,\n x FROM t") == """
        ERROR:  column "x" does not exist
        LINE 2:  x FROM t
                 ^
        HINT:  Try y.
        """)
    let wide = ErrorReport.text(ApusError(.syntaxError, "s", position: 12), sql: "SELECT '日本' x")
    #expect(wide == "ERROR:  s\nLINE 1: SELECT '日本' x\n                     ^")
  }

  @Test func `a long line is cut around the place`() {
    let sql = String(repeating: "a", count: 200) + "!" + String(repeating: "b", count: 200)
    let lines = ErrorReport.text(ApusError(.syntaxError, "s", position: 201), sql: sql).split(separator: "\n")
    #expect(lines[1].hasPrefix("LINE 1: ...aaa") && lines[1].hasSuffix("bbb...") && lines[1].count < 95)
    let caret = lines[2].distance(from: lines[2].startIndex, to: lines[2].firstIndex(of: "^") ?? lines[2].startIndex)
    #expect(Array(lines[1])[caret] == "!")
  }

  @Test func `a position outside the text is no trap`() {
    for position in [-5, 0, 1, 99] {
      #expect(ErrorReport.text(ApusError(.syntaxError, "s", position: position), sql: "").hasPrefix("ERROR:  s"))
    }
  }
}

@Suite struct `Charts` {
  @Test func `bars are as long as their values`() throws {
    let table = ResultTable(
      columns: [ResultColumn("c", type: 25), ResultColumn("n", type: 20)],
      rows: [["DE", "20"], ["日本", "10"], ["FR", "0"], [nil, nil]])
    #expect(
      try Chart(table, kind: nil, names: [], width: 40).lines == [
        "n", "DE   │" + String(repeating: "█", count: 30) + " 20", "日本 │" + String(repeating: "█", count: 15) + " 10",
        "FR   │ 0", "NULL │ NULL",
      ])
  }

  @Test func `negative values go to the left of zero`() throws {
    let table = ResultTable(
      columns: [ResultColumn("c", type: 25), ResultColumn("n", type: 20)], rows: [["a", "10"], ["b", "-10"]])
    let lines = try Chart(table, kind: .bar, names: [], width: 40).lines
    #expect(lines[1].hasPrefix("a │                │██") && lines[2].hasPrefix("b │████████████████│ -10"), "\(lines)")
  }

  @Test func `times are drawn as columns from zero to the largest`() throws {
    let rows: [[String?]] = (0...8).map { ["2024-01-0\($0 + 1)", String($0)] }
    let table = ResultTable(columns: [ResultColumn("day", type: 1082), ResultColumn("n", type: 20)], rows: rows)
    let lines = try Chart(table, kind: nil, names: [], width: 40).lines
    #expect(lines.count == 13 && lines[1].hasPrefix("8 ┤") && lines[10].hasPrefix("0 ┤"), "\(lines)")
    #expect(lines[1].hasSuffix("████") && lines[10].contains("▁▁▁▁"), "\(lines)")
    #expect(lines[12].contains("2024-01-01") && lines[12].hasSuffix("2024-01-09"))
  }

  @Test func `what cannot be drawn is refused by name`() {
    let table = ResultTable(columns: [ResultColumn("c", type: 25)], rows: [["x"]])
    #expect(throws: ApusError.self) { try Chart(table, kind: nil, names: [], width: 80) }
    #expect(throws: ApusError.self) { try Chart(table, kind: nil, names: ["nope"], width: 80) }
  }

  @Test func `charts of any numbers are no trap`() throws {
    let rows: [[String?]] = [["1e308"], ["-1e308"], ["NaN"], ["Infinity"], [nil], ["9223372036854775807"], ["1e-300"]]
    let table = ResultTable(columns: [ResultColumn("n", type: 701)], rows: rows)
    for part in [rows, [["-1e-310"], ["1"]], [["1e-310"], ["-1"]], [["0"], ["0"]]] {
      let table = ResultTable(columns: table.columns, rows: part)
      for kind in [Chart.Kind.bar, .line] { #expect(try !Chart(table, kind: kind, names: [], width: 1).lines.isEmpty) }
    }
  }
}
