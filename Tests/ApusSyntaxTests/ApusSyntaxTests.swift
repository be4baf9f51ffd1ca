// Tests of the parser: what comes out, where errors are, and that no text brings the process down.

import ApusBase
import ApusSyntax
import Testing

@Suite struct Parsing {
  @Test func `several statements of one text come with their places`() throws {
    let parsed = try Parser.parse(" SELECT 1 ; -- a comment\nSELECT a FROM t WHERE b = $2;")
    #expect(parsed.count == 2)
    #expect(parsed[0].text == "SELECT 1")
    #expect(parsed[1].parameterCount == 2)
    guard case .select = parsed[1].root else {
      Issue.record("not a SELECT: \(parsed[1].root)")
      return
    }
    #expect(try Parser.parse(" -- nothing").isEmpty)
  }

  @Test func `errors carry PostgreSQL's message and a position in characters`() {
    let error = #expect(throws: ApusError.self) { try Parser.parse("SELECT 'ü' FROM FROM t") }
    #expect(error?.state == .syntaxError)
    #expect(error?.message == "syntax error at or near \"FROM\"")
    #expect(error?.position == 17)
  }

  @Test func `long chains are flat and too long ones are refused`() throws {
    let chain = "SELECT " + Array(repeating: "a", count: 5_000).joined(separator: " AND ")
    #expect(try Parser.parse(chain).count == 1)
    let sum = "SELECT " + Array(repeating: "1", count: 5_000).joined(separator: " + ")
    #expect(try Parser.parse(sum).count == 1)
    let endless = "SELECT " + Array(repeating: "1", count: 50_000).joined(separator: " + ")
    #expect(throws: ApusError.self) { try Parser.parse(endless) }
  }

  @Test func `deep nesting is an error and not a crash`() {
    for depth in [300, 5_000, 100_000] {
      let text = "SELECT " + String(repeating: "(", count: depth) + "1" + String(repeating: ")", count: depth)
      do { _ = try Parser.parse(text) } catch { #expect(["54001", "42601"].contains(error.state.code)) }
    }
  }

  @Test func `changed texts parse or fail, whatever the change`() {
    let seed: UInt64 = 20_261_129
    var random = SeededRandom(seed: seed)
    let texts = [
      "SELECT event, count(*) FILTER (WHERE a > 1) AS n FROM events e "
        + "LEFT JOIN t USING (id) GROUP BY 1 ORDER BY n DESC LIMIT 3",
      "INSERT INTO t (a, b) VALUES (1, 'x'), ($1, NULL) ON CONFLICT DO NOTHING RETURNING a",
      "WITH x AS (SELECT 1) SELECT ARRAY[1, 2][1], (ROW(1, 'a')).f1, CASE WHEN a THEN b END FROM x",
      "CREATE TABLE t (a int8 NOT NULL DEFAULT 1, b jsonb) USING columnar WITH (partition = '1 day')",
      "COPY t FROM STDIN (FORMAT csv, HEADER)",
    ]
    for round in 0..<3_000 {
      var bytes = Array(texts[round % texts.count].utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: 1...127, using: &random)
      }
      do { _ = try Parser.parse(String(decoding: bytes, as: UTF8.self)) } catch {
        #expect(error.state != .internalError, "seed \(seed), round \(round)")
      }
    }
  }
}
