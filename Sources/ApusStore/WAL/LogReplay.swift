// LogReplay owns the reading of the log at start: which records count, where the tail is cut, what is corruption.

import ApusBase
import ApusFiles

/// What reading the log's files found.
struct LogReplay {
  struct LogFile {
    var number: UInt64
    var path: String
    var firstLSN: LSN
    var records: [LogFormat.Record]
    /// Where the records that count end.
    var end: Int
    var fileBytes: Int
  }

  var files: [LogFile] = []
  /// The last record's LSN, or the one before the first file's; nil when there is no file.
  var lastLSN: LSN?
  var endsWithMark = false
  /// What was cut off the tail, for the log and the operator.
  var notice: String?
  /// The file to cut and the length to leave; later files to remove.
  private var cut: (path: String, bytes: Int)?
  private var surplus: [String] = []
  var highestNumber: UInt64 = 0

  private struct Scan {
    var header: LogFormat.FileHeader
    var records: [LogFormat.Record]
    var end: Int
    var bytes: Int
    /// Whether all bytes after `end` are zero.
    var endsInZeros: Bool
    /// The highest LSN that a record found beyond `end` states as durable or, for later files, implies.
    var durableBeyond: LSN?
  }

  /// Reads and judges every log file, changing none. Throws XX001 for corruption: a record that is damaged or missing
  /// although a later one states that it, or one after it, was durable. `knownDurable` is what the catalog states.
  init(directory: String, system: any FileSystem, storeID: UInt64, knownDurable: LSN) throws(ApusError) {
    var numbers: [UInt64] = []
    for name in try system.list(directory) {
      if let number = LogFormat.number(ofFileName: name) { numbers.append(number) }
    }
    numbers.sort()
    highestNumber = numbers.last ?? 0
    var problem: (path: String, offset: Int, expected: LSN)?
    var badAt: Int?
    for (index, number) in numbers.enumerated() {
      let path = directory + "/" + LogFormat.fileName(number)
      let scan = try Self.scan(path, system: system, storeID: storeID, number: number)
      if let found = problem {
        try Self.refuse(found, if: scan)
        surplus.append(path)
        continue
      }
      switch scan.header {
      case .newer(let version):
        throw ApusError(
          .featureNotSupported,
          "log file \"\(path)\" has format \(version); this version of Apus knows formats up to \(LogFormat.version)")
      case .damaged:
        // Its header was synchronised before any record: without records it is the torn start of a new file.
        guard scan.durableBeyond == nil, index == numbers.count - 1 else {
          throw ApusError.corrupted(path, offset: 0, "the header of the log file is damaged")
        }
        surplus.append(path)
        notice = "the unfinished log file \"\(path)\" was dropped"
      case .valid(let firstLSN):
        if let last = lastLSN, firstLSN != last.next {
          let previous = files.last
          throw ApusError.corrupted(
            previous?.path ?? path, offset: previous?.end ?? 0,
            "records \(last.next) to \(firstLSN.value &- 1) of the log are missing")
        }
        var file = LogFile(
          number: number, path: path, firstLSN: firstLSN, records: [], end: scan.end, fileBytes: scan.bytes)
        badAt = nil
        var expected = firstLSN
        for record in scan.records {
          if record.kind == .endMark {
            endsWithMark = true
            continue
          }
          guard record.lsn == expected else {
            file.end = record.offset
            badAt = record.offset
            break
          }
          endsWithMark = false
          expected = expected.next
          file.records.append(record)
        }
        lastLSN = LSN(expected.value &- 1)
        files.append(file)
        if badAt == nil, !scan.endsInZeros { badAt = scan.end }
        guard let offset = badAt else { continue }
        let found = (path, offset, expected)
        try Self.refuse(found, if: scan)
        guard expected > knownDurable else {
          throw ApusError.corrupted(
            path, offset: offset,
            "record \(expected) of the log is damaged, and the catalog states \(knownDurable) as durable")
        }
        problem = found
        cut = (path, offset)
        notice = "the log's tail was cut at offset \(offset) of \"\(path)\": a commit that was never acknowledged"
      }
    }
    guard (lastLSN ?? .zero) >= knownDurable else {
      throw ApusError.corrupted(
        files.last?.path ?? directory, offset: files.last?.end ?? 0,
        "the log ends at record \(lastLSN ?? .zero), and the catalog states \(knownDurable) as durable")
    }
  }

  /// Throws when `scan` states the problem's LSN, or a later one, as durable.
  private static func refuse(
    _ problem: (path: String, offset: Int, expected: LSN), if scan: Scan
  ) throws(ApusError) {
    var durable = scan.durableBeyond ?? .zero
    for record in scan.records { durable = max(durable, record.durable) }
    if case .valid(let first) = scan.header { durable = max(durable, LSN(first.value &- 1)) }
    guard durable >= problem.expected else { return }
    throw ApusError.corrupted(
      problem.path, offset: problem.offset,
      "record \(problem.expected) of the log is damaged, and the log states \(durable) as durable")
  }

  /// Cuts what does not count, durably.
  func repair(system: any FileSystem, directory: String) throws(ApusError) {
    for path in surplus.reversed() { try system.remove(path) }
    if !surplus.isEmpty { try system.synchroniseDirectory(directory) }
    if let cut {
      let file = try system.open(cut.path, .write)
      try file.truncate(to: cut.bytes)
      try file.synchronise()
      file.close()
    }
  }

  private static func scan(
    _ path: String, system: any FileSystem, storeID: UInt64, number: UInt64
  ) throws(ApusError) -> Scan {
    let bytes = try system.readWhole(path, bytesMax: 1 << 31)
    let fileID = LogFormat.fileID(storeID: storeID, number: number)
    return bytes.withUnsafeBytes { raw in
      let header = LogFormat.readFileHeader(raw, storeID: storeID, number: number)
      var scan = Scan(header: header, records: [], end: 0, bytes: raw.count, endsInZeros: true, durableBeyond: nil)
      var offset = LogFormat.fileHeaderBytes
      if case .valid = header {
        while let record = LogFormat.record(in: raw, at: offset, fileID: fileID) {
          scan.records.append(record)
          offset = record.end
        }
      }
      scan.end = min(offset, raw.count)
      // Beyond the end only zeros belong; any record there tells what was durable.
      while offset < raw.count {
        if offset + 8 <= raw.count, raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == 0,
          offset + 16 > raw.count || raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self) == 0
        {
          offset += 8
          continue
        }
        if offset + 8 > raw.count, raw[offset...].allSatisfy({ $0 == 0 }) { break }
        scan.endsInZeros = false
        if let record = LogFormat.record(in: raw, at: offset, fileID: fileID) {
          scan.durableBeyond = max(scan.durableBeyond ?? .zero, record.durable)
          offset = record.end
        } else {
          offset += 8
        }
      }
      return scan
    }
  }

  /// Hands every commit's payload to `apply`, in order.
  func forEachCommit(
    system: any FileSystem, _ apply: (LSN, UnsafeRawBufferPointer, String) throws(ApusError) -> Void
  ) throws(ApusError) {
    for file in files where !file.records.isEmpty {
      let bytes = try system.readWhole(file.path, bytesMax: 1 << 31)
      let outcome = bytes.withUnsafeBytes { raw in
        Result { () throws(ApusError) in
          for record in file.records where record.payload.upperBound <= raw.count {
            try apply(record.lsn, UnsafeRawBufferPointer(rebasing: raw[record.payload]), file.path)
          }
        }
      }
      try outcome.get()
    }
  }
}
