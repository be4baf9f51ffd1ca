// HTTPMetrics owns what the endpoint counts of its own work.

import ApusBase
import ApusEngine
import Synchronization

final class HTTPMetrics: Sendable {
  private let running = Atomic<Int>(0)

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
      "apus_query_seconds", seconds: seconds, labels: "endpoint=\"http\"", help: "From a query's start to its last row."
    )
  }

  var queriesRunning: Int { running.load(ordering: .relaxed) }
}
