// HTTPMetrics owns what the endpoint counts of its own work.

import ApusBase
import ApusEngine
import Synchronization

final class HTTPMetrics: Sendable {
  private let running = Atomic<Int>(0)

  func ingested(_ outcome: IngestOutcome, dialect: String, seconds: Double) {
    for (result, count) in [
      ("stored", outcome.stored), ("duplicate", outcome.duplicates), ("rejected", outcome.rejected.count),
    ] {
      Metrics.shared.add(
        "apus_ingest_events_total", Double(count), labels: "dialect=\"\(dialect)\",result=\"\(result)\"",
        help: "Events of ingest requests, by what became of them.")
    }
    Metrics.shared.observe(
      "apus_ingest_acknowledge_seconds", seconds: seconds, labels: "dialect=\"\(dialect)\"",
      help: "From the head of an ingest request to its answer, the fsync included.")
  }

  func ingestFailed(dialect: String) {
    Metrics.shared.add(
      "apus_ingest_requests_failed_total", labels: "dialect=\"\(dialect)\"",
      help: "Ingest requests of which nothing was taken.")
  }

  func answered(_ route: Route?, status: Int, seconds: Double) {
    Metrics.shared.add(
      "apus_http_requests_total", labels: "route=\"\(route?.label ?? "none")\",status=\"\(status)\"",
      help: "Requests by route and status; status 0 is a client that went away.")
  }

  func queryBegan() { running.wrappingAdd(1, ordering: .relaxed) }

  func queryEnded(_ error: SQLState?, seconds: Double) {
    running.wrappingSubtract(1, ordering: .relaxed)
    let state =
      switch error {
      case nil: "done"
      case .some(.queryCanceled): "canceled"
      default: "failed"
      }
    Metrics.shared.add(
      "apus_queries_total", labels: "endpoint=\"http\",state=\"\(state)\"", help: "Queries that ended, by how.")
    Metrics.shared.observe(
      "apus_query_seconds", seconds: seconds, labels: "endpoint=\"http\"", help: "From a query's start to its last row.")
  }

  var queriesRunning: Int { running.load(ordering: .relaxed) }
}
