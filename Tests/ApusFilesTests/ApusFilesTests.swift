// Tests of the real and simulated file systems and of SQLite over both.
import ApusBase
import Foundation
import Synchronization
import Testing

@testable import ApusFiles

/// A directory of its own under the system's temporary one, removed at the end.
final class TemporaryDirectory {
  let path: String
  init() {
    path = NSTemporaryDirectory() + "apus-test-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func systems(_ body: (any FileSystem, String) throws -> Void) throws {
  let directory = TemporaryDirectory()
  try body(RealFileSystem(fatal: FatalStorage { _ in }), directory.path)
  let simulated = SimulatedFileSystem()
  try simulated.makeDirectory("/data")
  try body(simulated, "/data")
}

@Suite struct FileSystems {
  @Test func `bytes written are read back, and reading past the end is short`() throws {
    try systems { system, root in
      let file = try system.open(root + "/a", .createNew)
      try file.write([1, 2, 3, 4, 5], at: 10)
      try file.synchronise()
      #expect(try file.size() == 15)
      #expect(try file.read(100, at: 0) == [UInt8](repeating: 0, count: 10) + [1, 2, 3, 4, 5])
      #expect(try file.read(2, at: 12) == [3, 4])
      #expect(try file.read(4, at: 99) == [])
      try file.truncate(to: 11)
      #expect(try file.size() == 11)
      try file.preallocate(to: 4096)
      #expect(try file.size() == 4096)
      #expect(try file.read(2, at: 10) == [1, 0])
    }
  }

  @Test func `opening a missing file names it with 58P01`() throws {
    try systems { system, root in
      let error = #expect(throws: ApusError.self) { _ = try system.open(root + "/missing", .read) }
      #expect(error?.state.code == "58P01")
      #expect(error?.message.contains(root + "/missing") == true)
    }
  }

  @Test func `files and directories are listed, renamed and removed`() throws {
    try systems { system, root in
      try system.makeDirectoryDurably(root + "/d")
      try system.writeAtomically([7], to: root + "/d/x")
      try system.writeAtomically([8, 9], to: root + "/d/x")
      #expect(try system.readWhole(root + "/d/x", bytesMax: 10) == [8, 9])
      #expect(try system.list(root + "/d") == ["x"])
      #expect(try system.isDirectory(root + "/d"))
      try system.rename(root + "/d/x", to: root + "/d/y")
      #expect(try system.list(root + "/d") == ["y"])
      #expect(throws: ApusError.self) { try system.removeDirectory(root + "/d") }
      try system.removeDurably(root + "/d/y")
      try system.removeDirectory(root + "/d")
      #expect(try !system.exists(root + "/d"))
      #expect(throws: ApusError.self) { _ = try system.list(root + "/d") }
    }
  }

  @Test func `a lock is exclusive until released`() throws {
    try systems { system, root in
      let lock = try #require(try system.lock(root + "/LOCK"))
      try lock.replaceContents("pid 1")
      #expect(try system.lock(root + "/LOCK") == nil)
      #expect(try system.readWhole(root + "/LOCK", bytesMax: 99) == Array("pid 1".utf8))
      lock.release()
      #expect(try system.lock(root + "/LOCK") != nil)
    }
  }

  @Test func `a read of a file larger than allowed is refused`() throws {
    try systems { system, root in
      try system.writeAtomically([1, 2, 3], to: root + "/x")
      #expect(throws: ApusError.self) { _ = try system.readWhole(root + "/x", bytesMax: 2) }
      #expect(try system.diskSpace(at: root).freeBytes > 0)
    }
  }
}

@Suite struct SimulatedCrashes {
  @Test func `synchronised bytes and names survive every crash`() throws {
    for seed in 0..<UInt64(100) {
      let system = SimulatedFileSystem()
      try system.makeDirectoryDurably("/data")
      let file = try system.createDurably("/data/a")
      try file.appendDurably(bytes([1, 2, 3]), at: 0)
      try file.write([9, 9, 9, 9], at: 3)
      let after = system.crashClone(seed: seed)
      let content = try after.readWhole("/data/a", bytesMax: 100)
      #expect(content.starts(with: [1, 2, 3]), "seed \(seed)")
      #expect(throws: ApusError.self) { try file.write([1], at: 0) }
    }
  }

  @Test func `unsynchronised bytes are lost for some seeds and torn by sector for others`() throws {
    var seen = Set<[Bool]>()
    for seed in 0..<UInt64(200) {
      let system = SimulatedFileSystem()
      try system.makeDirectoryDurably("/data")
      let file = try system.createDurably("/data/a")
      try file.write([UInt8](repeating: 5, count: 1024), at: 0)
      let content = try system.crashClone(seed: seed).readWhole("/data/a", bytesMax: 2000)
      seen.insert([content.count > 0 && content[0] == 5, content.count > 512 && content[512] == 5])
    }
    #expect(seen.count == 4)
  }

  @Test func `a rename that is not synchronised is there as a whole or not at all`() throws {
    var seen = Set<[String]>()
    for seed in 0..<UInt64(50) {
      let system = SimulatedFileSystem()
      try system.makeDirectoryDurably("/data")
      _ = try system.createDurably("/data/a")
      try system.rename("/data/a", to: "/data/b")
      seen.insert(try system.crashClone(seed: seed).list("/data"))
    }
    #expect(seen == [["a"], ["b"]])
  }

  @Test func `writeAtomically leaves the old or the new contents whatever call fails and however it crashes`() throws {
    for failing in 1..<12 {
      for seed in 0..<UInt64(20) {
        let system = SimulatedFileSystem()
        try system.makeDirectoryDurably("/data")
        try system.writeAtomically(Array("old".utf8), to: "/data/x")
        system.fail(operation: failing, with: .inputOutput)
        let done = (try? system.writeAtomically(Array("newer".utf8), to: "/data/x")) != nil
        let text = String(
          decoding: try system.crashClone(seed: seed).readWhole("/data/x", bytesMax: 99), as: UTF8.self)
        #expect(done ? text == "newer" : ["old", "newer"].contains(text), "call \(failing), seed \(seed)")
      }
    }
  }

  @Test func `a failed fsync is reported once as fatal`() throws {
    let system = SimulatedFileSystem()
    try system.makeDirectoryDurably("/data")
    let file = try system.createDurably("/data/a")
    let count = Mutex(0)
    system.fatal.setHandler { _ in count.withLock { $0 += 1 } }
    system.fail(operation: 1, with: .inputOutput)
    #expect(throws: ApusError.self) { try file.synchronise() }
    #expect(system.fatal.failure != nil)
    system.fail(operation: 1, with: .inputOutput)
    #expect(throws: ApusError.self) { try file.synchronise() }
    #expect(count.withLock { $0 } == 1)
  }

  private func bytes(_ values: [UInt8]) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count, alignment: 1)
    copy.copyBytes(from: values)
    return UnsafeRawBufferPointer(copy)
  }
}

@Suite struct SQLiteOverFileSystems {
  @Test func `rows come back after closing and opening again`() throws {
    try systems { system, root in
      let database = try SQLiteDatabase(path: root + "/c.sqlite", on: system)
      try database.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB)")
      try database.transaction { () throws(ApusError) in
        try database.run("INSERT INTO t VALUES (?, ?, ?)", [.integer(1), .text("é"), .bytes([0, 255])])
        try database.run("INSERT INTO t VALUES (?, ?, ?)", [.integer(2), .null, .bytes([])])
      }
      database.close()
      let again = try SQLiteDatabase(path: root + "/c.sqlite", on: system)
      #expect(
        try again.run("SELECT * FROM t ORDER BY a") == [
          [.integer(1), .text("é"), .bytes([0, 255])], [.integer(2), .null, .bytes([])],
        ])
      #expect(try again.integrityFindings() == [])
      again.close()
    }
  }

  @Test func `a transaction that throws leaves nothing`() throws {
    try systems { system, root in
      let database = try SQLiteDatabase(path: root + "/c.sqlite", on: system)
      try database.run("CREATE TABLE t (a INTEGER)")
      #expect(throws: ApusError.self) {
        try database.transaction { () throws(ApusError) in
          try database.run("INSERT INTO t VALUES (1)")
          throw ApusError(.internalError, "stop")
        }
      }
      #expect(try database.run("SELECT count(*) FROM t") == [[.integer(0)]])
    }
  }

  @Test func `committed transactions survive crashes at any moment, and uncommitted ones leave no part`() throws {
    for seed in 0..<UInt64(150) {
      var random = SeededRandom(seed: seed)
      let system = SimulatedFileSystem()
      try system.makeDirectoryDurably("/data")
      let database = try SQLiteDatabase(path: "/data/c.sqlite", on: system)
      try database.run("CREATE TABLE t (a INTEGER, filler TEXT)")
      system.powerOff(afterOperations: Int.random(in: 1...120, using: &random))
      var committed: Int64 = 0
      for number in Int64(1)...40 {
        let done: Void? = try? database.transaction { () throws(ApusError) in
          for _ in 0..<3 {
            try database.run(
              "INSERT INTO t VALUES (?, ?)", [.integer(number), .text(String(repeating: "x", count: 700))])
          }
        }
        if done == nil { break }
        committed = number
        if number % 9 == 0 { try? database.checkpoint() }
      }
      let after = try SQLiteDatabase(path: "/data/c.sqlite", on: system.crashClone(seed: seed))
      let rows = try after.run("SELECT a, count(*) FROM t GROUP BY a ORDER BY a")
      #expect(rows.allSatisfy { $0[1] == .integer(3) }, "seed \(seed)")
      #expect(Int64(rows.count) >= committed && Int64(rows.count) <= committed + 1, "seed \(seed)")
      #expect(try after.integrityFindings() == [], "seed \(seed)")
    }
  }
}
