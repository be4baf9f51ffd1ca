// The check of a data directory: every checksum and every invariant that can be seen from outside.

public import ApusBase
import ApusColumns
public import ApusFiles

/// Something that a check found.
public struct CheckFinding: Sendable, Hashable {
  public enum Severity: String, Sendable { case error, notice }
  public var severity: Severity
  /// The file or object, relative to the data directory where it lies in it.
  public var place: String
  public var message: String
}

/// What a check looked at and found.
public struct CheckReport: Sendable {
  public var findings: [CheckFinding] = []
  public var tables = 0
  public var segments = 0
  public var rows = 0
  public var logRecords = 0
  public var isSound: Bool { !findings.contains { $0.severity == .error } }

  mutating func error(_ place: String, _ message: String) {
    findings.append(CheckFinding(severity: .error, place: place, message: message))
  }
  mutating func notice(_ place: String, _ message: String) {
    findings.append(CheckFinding(severity: .notice, place: place, message: message))
  }
}

extension Store {
  /// Checks a directory that no server holds. Quick: catalog, footers and the log's structure; else every block and
  /// every commit too. Throws only when the check itself cannot be made (the directory is in use or is none).
  public static func check(
    directory: String, fileSystem system: any FileSystem = RealFileSystem(), quick: Bool = false
  ) throws(ApusError) -> CheckReport {
    guard try system.exists(directory + "/" + Catalog.fileName) else {
      throw ApusError(SQLState("58P01"), "\"\(directory)\" is not a data directory of Apus")
    }
    guard let lock = try system.lock(directory + "/" + lockName) else {
      let holder = readLock(directory: directory, fileSystem: system)
      throw ApusError(
        .objectInUse,
        "data directory \"\(directory)\" is in use by process \(holder.map { String($0.pid) } ?? "unknown")")
    }
    defer { lock.release() }
    var report = CheckReport()
    let contents: CatalogContents
    do throws(ApusError) {
      let catalog = try Catalog(directory: directory, system: system, upgrades: false)
      defer { catalog.close() }
      for finding in try catalog.integrityFindings() { report.error(Catalog.fileName, finding) }
      contents = try catalog.load()
    } catch {
      report.error(Catalog.fileName, error.message)
      return report
    }
    check(contents, &report)
    checkSegments(contents, directory, system, quick, &report)
    checkEntities(contents, directory, system, quick, &report)
    checkLog(contents, directory, system, quick, &report)
    return report
  }

  private static func check(_ contents: CatalogContents, _ report: inout CheckReport) {
    report.tables = contents.tables.count
    for table in contents.tables {
      if table.id >= contents.nextTable { report.error(Catalog.fileName, "table \(table.id) is not numbered yet") }
      if let name = table.options.timeColumn, table.column(named: name) == nil {
        report.error(Catalog.fileName, "the time column of table \"\(table.qualifiedName)\" is missing")
      }
    }
    for segment in contents.segments {
      if segment.id >= contents.nextSegment {
        report.error(Catalog.fileName, "segment \(segment.id) is not numbered yet")
      }
      guard let table = contents.tables.first(where: { $0.id == segment.table }) else {
        report.error(Catalog.fileName, "segment \(segment.id) belongs to no table")
        continue
      }
      guard let low = segment.minimumTime, let high = segment.maximumTime, segment.table != Rejects.table,
        !table.isDerived
      else {
        continue
      }
      if table.partition(of: low) != segment.partition || table.partition(of: high) != segment.partition {
        report.error(segment.path, "its times lie outside its partition")
      }
    }
  }

  private static func checkSegments(
    _ contents: CatalogContents, _ directory: String, _ system: any FileSystem, _ quick: Bool,
    _ report: inout CheckReport
  ) {
    let cache = BlockCache(bytesMax: 64 << 20)
    for record in contents.segments {
      report.segments += 1
      do throws(ApusError) {
        let handle = try SegmentHandle(
          record: record, directory: directory, system: system, cache: cache, deletes: contents.deletes[record.id])
        let summary = handle.reader.summary
        if summary.rowCount != record.rows || summary.byteCount != record.bytes {
          report.error(record.path, "it has \(summary.rowCount) rows, the catalog says \(record.rows)")
        }
        if handle.reader.description.table != record.table || handle.reader.description.partition != record.partition {
          report.error(record.path, "it belongs to another table or partition")
        }
        if !quick { try handle.reader.verify() }
        if contents.dropped[record.id] == nil { report.rows += handle.liveRows }
      } catch {
        report.error(record.path, error.message)
      }
    }
    let named = Set(contents.segments.map(\.path))
    do throws(ApusError) {
      for table in try system.list(directory + "/tables") {
        for partition in try system.list("\(directory)/tables/\(table)") {
          for file in try system.list("\(directory)/tables/\(table)/\(partition)") {
            let path = "tables/\(table)/\(partition)/\(file)"
            if !named.contains(path) { report.notice(path, "the catalog does not name it: the next start removes it") }
          }
        }
      }
    } catch {
      report.error("tables", error.message)
    }
  }

  private static func checkLog(
    _ contents: CatalogContents, _ directory: String, _ system: any FileSystem, _ quick: Bool,
    _ report: inout CheckReport
  ) {
    do throws(ApusError) {
      let replay = try LogReplay(
        directory: directory + "/wal", system: system, storeID: contents.storeID, knownDurable: contents.lastLSN)
      if let notice = replay.notice { report.notice("wal", notice) }
      report.logRecords = replay.files.reduce(0) { $0 + $1.records.count }
      if quick { return }
      var findings: [String] = []
      try replay.forEachCommit(system: system) { (lsn, payload, file) throws(ApusError) in
        do throws(ApusError) {
          _ = try BatchCodec.decode(payload, file: file)
        } catch {
          findings.append("record \(lsn): \(error.message)")
        }
      }
      for finding in findings { report.error("wal", finding) }
    } catch {
      report.error("wal", error.message)
    }
  }
}
