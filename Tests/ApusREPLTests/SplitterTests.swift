// Tests of where statements end.

import Testing

@testable import ApusREPL

@Suite struct `Statement splitting` {
  private func split(_ text: String) -> [String] {
    var splitter = StatementSplitter()
    var found: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      for piece in splitter.feed(String(line)) {
        switch piece {
        case .statement(let sql, _): found.append(sql)
        case .command(let text, _): found.append("\\" + text)
        }
      }
    }
    if case .statement(let sql, _)? = splitter.finish() { found.append(sql) }
    return found
  }

  @Test func `a semicolon ends a statement, and several stand on a line`() {
    #expect(split("SELECT 1; SELECT 2;") == ["SELECT 1;", "SELECT 2;"])
    #expect(split("SELECT\n  1\n;") == ["SELECT\n  1\n;"])
    #expect(split(";;  ; \n;") == [])
  }

  @Test func `a semicolon in quotes ends nothing`() {
    #expect(split("SELECT 'a;b', \"c;d\", 'it''s;';") == ["SELECT 'a;b', \"c;d\", 'it''s;';"])
    #expect(split("SELECT E'\\';' || e'x\\\\';") == ["SELECT E'\\';' || e'x\\\\';"])
    #expect(split("SELECT 'a\\'; SELECT 2;") == ["SELECT 'a\\';", "SELECT 2;"])
    #expect(split("SELECT 'one\n;two';") == ["SELECT 'one\n;two';"])
    #expect(split("SELECT type'\\';") == ["SELECT type'\\';"])
  }

  @Test func `a semicolon in a comment ends nothing`() {
    #expect(split("SELECT 1 -- one; not two\n;") == ["SELECT 1 -- one; not two\n;"])
    #expect(split("SELECT /* a; /* b; */ c; */ 1;") == ["SELECT /* a; /* b; */ c; */ 1;"])
    #expect(split("-- only; this\n/* and\n; this */ SELECT 1;") == ["SELECT 1;"])
  }

  @Test func `a semicolon in dollar quotes ends nothing`() {
    #expect(split("SELECT $$a;b$$, $x$c;$$;d$x$;") == ["SELECT $$a;b$$, $x$c;$$;d$x$;"])
    #expect(split("SELECT $1; SELECT a$b$c;") == ["SELECT $1;", "SELECT a$b$c;"])
  }

  @Test func `a backslash begins a command, which takes the rest of its line`() {
    #expect(split("\\d events\nSELECT 1;") == ["\\d events", "SELECT 1;"])
    #expect(split("SELECT 1 \\g\nSELECT 2;").first == "\\g")
    #expect(split("SELECT '\\d';") == ["SELECT '\\d';"])
  }

  @Test func `what is left at the end is a statement`() {
    #expect(split("SELECT 1;\nSELECT 2") == ["SELECT 1;", "SELECT 2\n"])
    #expect(split("SELECT 1; -- nothing more") == ["SELECT 1;"])
  }

  @Test func `the state says what is unfinished`() {
    let states: [(String, StatementSplitter.State)] = [
      ("", .ready), ("SELECT 1;", .ready), ("SELECT", .statement), ("SELECT 'a", .quote), ("SELECT \"a", .identifier),
      ("SELECT $a$", .dollar), ("/* a", .comment), ("-- a", .ready),
    ]
    for (text, state) in states {
      var splitter = StatementSplitter()
      _ = splitter.feed(text)
      #expect(splitter.state == state, "\(text)")
    }
  }

  @Test func `a statement knows the line it begins on`() {
    var splitter = StatementSplitter()
    _ = splitter.feed("")
    _ = splitter.feed("-- a comment")
    _ = splitter.feed("SELECT")
    #expect(splitter.feed("1;") == [.statement("SELECT\n1;", line: 3)])
  }
}
