// Health and metrics: what an operator's tools ask.

import ApusBase
import ApusColumns
import ApusEngine
import Foundation

extension HTTPServer {
  /// 200 when events and queries are taken, 503 and the reason otherwise.
  func readiness() -> Reply {
    let (database, unavailable) = database()
    guard let database else { return unavailable }
    if let error = database.ingestRefusal { return .error(error, status: 503) }
    return .json(200, "{\"status\":\"ready\",\"version\":\(jsonText(apusVersion))}\n")
  }

  /// Prometheus' text form.
  func exposition() -> Reply {
    let metrics = Metrics.shared
    metrics.set(
      "apus_build_info", 1, labels: "version=\"\(apusVersion)\"", help: "The version, as a label of the number 1.")
    metrics.set("apus_memory_resident_bytes", Double(Self.residentBytes()), help: "Memory of the process.")
    metrics.set("apus_memory_buffers_bytes", Double(MemoryBudget.bytesUsed), help: "Memory of columns and caches.")
    metrics.set(
      "apus_queries_running", Double(self.metrics.queriesRunning), labels: "endpoint=\"http\"",
      help: "Queries that run now.")
    metrics.set("apus_http_requests_running", Double(requestsRunning), help: "Requests that have no answer yet.")
    if let database = database().0 { Self.describe(database.status, in: metrics) }
    collect(metrics)
    return Reply(200, "text/plain; version=0.0.4; charset=utf-8", Array(metrics.exposition().utf8))
  }

  private static func describe(_ status: DatabaseStatus, in metrics: Metrics) {
    metrics.set("apus_memtable_bytes", Double(status.memtableBytes), help: "Memory of all memtables.")
    metrics.set(
      "apus_flush_lag_seconds", status.oldestMemtableSeconds, help: "Age of the oldest row that is in no segment yet.")
    metrics.set("apus_tables", Double(status.tables), help: "Tables.")
    metrics.set("apus_segments", Double(status.segments), help: "Segment files.")
    metrics.set("apus_segment_bytes", Double(status.segmentBytes), help: "Bytes of segment files.")
    metrics.set("apus_rejects", Double(status.rejectedRows), help: "Rows of apus.rejects.")
    metrics.set("apus_disk_free_bytes", Double(status.diskFreeBytes), help: "Free on the data directory's disk.")
    metrics.set(
      "apus_ready", status.ingestRefusal == nil ? 1 : 0, help: "Whether rows are taken in: 0 when full or failed.")
    for (result, count) in [
      ("stored", status.storedRows), ("duplicate", status.duplicateRows), ("without_key", status.rowsWithoutKey),
    ] {
      metrics.set(
        "apus_store_rows_total", Double(count), labels: "result=\"\(result)\"",
        help: "Rows committed since the start, by whatever way they came.", kind: .counter)
    }
  }

  private static func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let parts = text.split(separator: " ")
    return parts.count > 1 ? (Int(parts[1]) ?? 0) * Int(getpagesize()) : 0
  }
}
