// Tests of the splitting of COPY data into rows and fields, in pieces of every size.

import ApusBase
import Testing

@testable import ApusEngine

@Suite struct CopyParsing {
  /// Every row as text fields, nil for null; fed `piece` bytes at a time.
  private func rows(_ text: String, _ format: CopyFormat, piece: Int) throws -> [[String?]] {
    var parser = CopyParser(format: format)
    var rows: [[String?]] = []
    func drain() throws {
      while try parser.nextRow() {
        rows.append(
          (0..<parser.fieldCount).map { field in
            parser.nulls[field] ? nil : String(decoding: parser.content[parser.fieldRange(field)], as: UTF8.self)
          })
      }
    }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      parser.feed(rest.prefix(piece))
      rest = rest.dropFirst(piece)
      try drain()
    }
    parser.end()
    try drain()
    return rows
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `text rows are unescaped and nulls told apart`(piece: Int) throws {
    let text = "a\\tb\t\\N\tc\\\\d\n\t\\x41\\102\t\r\nlast\t2\t3"
    let expected: [[String?]] = [["a\tb", nil, "c\\d"], ["", "AB", ""], ["last", "2", "3"]]
    #expect(try rows(text, CopyFormat(), piece: piece) == expected)
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `CSV quotes, escaped quotes, newlines and empty fields`(piece: Int) throws {
    let text = "1,\"a \"\"b\"\",\nc\",\r\n2,\"\",x\n3,,"
    let expected: [[String?]] = [["1", "a \"b\",\nc", nil], ["2", "", "x"], ["3", nil, nil]]
    #expect(try rows(text, .csv(hasHeader: false), piece: piece) == expected)
  }

  @Test func `the end marker ends the data`() throws {
    #expect(try rows("a\n\\.\nb\n", CopyFormat(), piece: 1000) == [["a"]])
  }

  @Test func `an open quote at the end is an error`() {
    let error = #expect(throws: ApusError.self) { try rows("1,\"abc", .csv(hasHeader: false), piece: 1000) }
    #expect(error?.state == .badCopyFileFormat)
  }
}

@Suite struct Settings {
  @Test func `a rolled back SET is undone and SET LOCAL ends with its transaction`() throws {
    var settings = SessionSettings(user: "apus")
    settings.begin()
    settings.set("TimeZone", "Europe/Berlin", isLocal: false)
    settings.rollback()
    #expect(settings.text("timezone") == "UTC")
    settings.begin()
    settings.set("statement_timeout", "5000", isLocal: true)
    #expect(settings.integer("statement_timeout") == 5000)
    settings.commit()
    #expect(settings.integer("statement_timeout") == 0)
  }

  @Test func `values are checked and normalised as PostgreSQL does`() throws {
    let timeout = try #require(SettingDefinition.named("STATEMENT_TIMEOUT"))
    #expect(try timeout.normalise("2s") == "2000")
    #expect(throws: ApusError.self) { try timeout.normalise("-1") }
    let style = try #require(SettingDefinition.named("DateStyle"))
    #expect(try style.normalise("ISO, DMY") == "ISO, DMY")
    let error = #expect(throws: ApusError.self) { try style.normalise("German") }
    #expect(error?.state == .featureNotSupported)
    let zone = try #require(SettingDefinition.named("timezone"))
    #expect(throws: ApusError.self) { try zone.normalise("Europe/Nowhere") }
  }
}
