// Random bytes and random conversations: nothing traps, and every Sync is answered by ReadyForQuery.

import ApusBase
import Testing

@testable import ApusPostgres

@Suite struct `Protocol fuzz` {
  private static let statements = [
    "VALUES (1), (2), (3)", "SELECT nope", "BEGIN", "COMMIT", "ROLLBACK", "SELECT $1::bigint", "", "SELEC", ";;",
    "COPY t FROM STDIN", "COPY t TO STDOUT", "COPY t TO STDOUT (FORMAT binary)", "COPY t FROM STDIN (FORMAT binary)",
    "INSERT INTO t VALUES (1, 'x')", "INSERT INTO t VALUES ($1, $2)", "DECLARE c CURSOR FOR VALUES (1)",
    "FETCH 2 FROM c", "SET application_name = 'f'", "VALUES (1); SELECT nope; VALUES (2)", "SHOW ALL",
    "PREPARE s AS VALUES (1)", "EXECUTE s", "DEALLOCATE ALL", "SELECT 1 / 0", "EXPLAIN VALUES (1)",
  ]

  private func piece(_ random: inout SeededRandom) -> [UInt8] {
    func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    let names = ["", "s", "p", "c"]
    let sql = Self.statements[pick(Self.statements.count)]
    switch pick(14) {
    case 0: return Client.query(sql)
    case 1, 2: return Client.parse(names[pick(4)], sql, pick(3) == 0 ? [20, 25, 99_999] : [])
    case 3, 4:
      let values: [[UInt8]?] = (0..<pick(3)).map { _ in
        pick(3) == 0 ? nil : (0..<pick(9)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      }
      return Client.bind(
        names[pick(4)], names[pick(4)], formats: pick(2) == 0 ? [] : [pick(3)], values,
        results: pick(2) == 0 ? [] : [pick(3)])
    case 5: return Client.describe(["S", "P", "Z"][pick(3)], names[pick(4)])
    case 6, 7: return Client.execute(names[pick(4)], rows: pick(3) - 1)
    case 8: return Client.close(["S", "P"][pick(2)], names[pick(4)])
    case 9: return Client.sync
    case 10: return Client.copyData(["1\tx\n", "y\n", "\\.\n", "\u{0}"][pick(4)])
    case 11: return pick(2) == 0 ? Client.copyDone : Client.copyFail("why")
    case 12: return Client.flush
    default:
      let tags = Array("QPBDECHSdcfFp")
      return Client.message(
        tags[pick(tags.count)], (0..<pick(20)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }
  }

  @Test func `random conversations always come back to ready for query`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let conversation = try Conversation()
    _ = conversation.talk(Client.query("CREATE TABLE t (id bigint, name text)"))
    for round in 0..<1_500 {
      for _ in 0..<(1 + Int(random.next() % 6)) {
        let answer = conversation.exchange(piece(&random))
        #expect(!answer.contains { $0.tag == "?" }, "a message is broken, seed \(seed) round \(round)")
        #expect(!answer.contains { $0.tag == "E" && $0.fields["C"] == "XX000" }, "seed \(seed) round \(round)")
      }
      // A COPY that may be going on takes Sync as nothing.
      _ = conversation.talk(Client.copyFail("end"))
      let answer = conversation.talk(Client.sync)
      #expect(answer.last?.hasPrefix("Z ") == true, "\(answer) seed \(seed) round \(round)")
      #expect(answer.filter { $0.hasPrefix("Z ") }.count == 1, "\(answer) seed \(seed) round \(round)")
      if conversation.machine.isClosed { break }
    }
    #expect(conversation.talk(Client.query("ROLLBACK")).last == "Z I", "seed \(seed)")
    #expect(conversation.talk(Client.query("VALUES (1)")) == ["T", "D 1", "C SELECT 1", "Z I"], "seed \(seed)")
  }

  @Test func `random bytes end in messages or in an error`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<5_000 {
      var decoder = MessageDecoder()
      if random.next() % 2 == 0 { Client.startup([("user", "u")]).withUnsafeBytes { decoder.feed($0) } }
      var bytes = (0..<4).flatMap { _ in piece(&random) }
      for _ in 0..<(random.next() % 6) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      bytes.withUnsafeBytes { decoder.feed($0) }
      var items = 0
      while let item = try? decoder.next() {
        _ = item
        items += 1
        if items > 1_000 { break }
      }
      #expect(items <= 1_000, "the decoder stands still, seed \(seed)")
    }
  }
}
