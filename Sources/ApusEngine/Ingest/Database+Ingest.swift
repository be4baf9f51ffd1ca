// The way of an event from the bytes of a request to its acknowledgement.

public import ApusBase
import ApusColumns
import ApusStore
import Dispatch
import Synchronization

extension Database {
  /// Decodes, admits and appends on the calling thread; `completion` runs exactly once, on an arbitrary thread, when
  /// the events are durable and visible, or nothing of them is stored. Never waits for the disk.
  ///
  /// Fails, with nothing stored, with 22P02 (and its class) when nothing of the body can be read, 42P01 when there is
  /// no such table, 42703 when the table lacks the dialect's columns, 54000 with too many rejected events, 53200 (send
  /// again in a moment) while rows come in faster than they are written, 53100 while the disk is nearly full, 58030
  /// once writing has ended.
  public func ingest(
    _ request: IngestRequest, completion: @escaping @Sendable (Result<IngestOutcome, ApusError>) -> Void
  ) {
    let started = monotonicNanoseconds()
    let target: IngestTarget
    let decoded: Decoded
    do throws(ApusError) {
      target = try ingestTarget(request.table)
      decoded = try decode(request, target)
    } catch {
      // Names of tables that are not there are the caller's choice: they are not counted by name.
      let table = error.state == .undefinedTable ? nil : request.table
      refuse(Receipt(table: table, dialect: request.dialect.name, bytes: request.body.count, started: started))
      return completion(.failure(error))
    }
    let receipt = Receipt(
      table: target.definition.qualifiedName, dialect: request.dialect.name, bytes: request.body.count,
      started: started)
    let transaction = store.begin()
    do throws(ApusError) {
      for batch in decoded.batches { try transaction.append(batch) }
    } catch {
      refuse(receipt)
      return completion(.failure(error))
    }
    for row in decoded.rejectedRows { transaction.reject(row) }
    let finish: @Sendable (Result<CommitResult, ApusError>) -> Void = { result in
      switch result {
      case .failure(let error):
        self.refuse(receipt)
        completion(.failure(error))
      case .success(let commit):
        let outcome = decoded.outcome(commit)
        self.record(outcome, receipt)
        if decoded.isUnreadable, let error = decoded.firstError {
          completion(.failure(error))
        } else {
          completion(.success(outcome))
        }
      }
    }
    if request.body.count > Self.bytesCommittedInline {
      // Its rows may go to segments of their own at once, which takes time: not the caller's.
      DispatchQueue.global().async { transaction.commit(completion: finish) }
    } else {
      transaction.commit(completion: finish)
    }
  }

  /// The same, waiting for the disk.
  public func ingest(_ request: IngestRequest) throws(ApusError) -> IngestOutcome {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<Result<IngestOutcome, ApusError>?>(nil)
    ingest(request) { outcome in
      result.withLock { $0 = outcome }
      done.signal()
    }
    done.wait()
    guard let outcome = result.withLock({ $0 }) else { throw .unexpected("a request was never answered") }
    return try outcome.get()
  }

  private static let bytesCommittedInline = 16 << 20

  /// A body's events as the store takes them.
  struct Decoded: Sendable {
    var batches: [RowBatch]
    var rejected: [RejectedEvent]
    var rejectedRows: [RejectedRow]
    /// Line and key of every row, for verbose answers.
    var accepted: [(line: Int, eventID: String?)]
    /// Whether there were texts, and none of them was JSON.
    var isUnreadable: Bool
    var isVerbose: Bool
    var firstError: ApusError?

    func outcome(_ commit: CommitResult) -> IngestOutcome {
      var outcome = IngestOutcome(rejected: rejected)
      for batch in commit.batches {
        outcome.stored += batch.stored
        outcome.duplicates += batch.duplicateCount
      }
      guard isVerbose else { return outcome }
      var row = 0
      for (batch, result) in zip(batches, commit.batches) {
        for index in 0..<batch.rows.count where row < accepted.count {
          let isDuplicate = result.duplicates.map { $0[index] } ?? false
          outcome.events.append(
            IngestedEvent(
              line: accepted[row].line, eventID: accepted[row].eventID, status: isDuplicate ? .duplicate : .stored))
          row += 1
        }
      }
      outcome.events += rejected.map { IngestedEvent(line: $0.line, eventID: $0.eventID, status: .rejected) }
      outcome.events.sort { $0.line < $1.line }
      return outcome
    }
  }

  func decode(_ request: IngestRequest, _ target: IngestTarget) throws(ApusError) -> Decoded {
    try store.checkIngest()
    let received = request.receivedAt ?? now()
    let bounds =
      request.acceptsAnyTime
      ? nil : target.definition.admissionBounds(now: received &+ postgresEpochUnixMicroseconds)
    let result = request.body.withUnsafeBytes { raw -> Result<Decoded, ApusError> in
      do throws(ApusError) {
        return .success(
          try JSONB.withParser { (parser) throws(ApusError) in
            var decoder = try EventDecoder(request, target: target, received: received, bounds: bounds)
            try decoder.decode(raw, parser)
            if !decoder.pendingDefaults.isEmpty {
              let session = makeSession()
              defer { session.close() }
              try decoder.fillDefaults { (expression, count) throws(ApusError) in
                try session.evaluate(expression, count: count)
              }
            }
            return Decoded(
              batches: decoder.batches, rejected: decoder.rejected, rejectedRows: decoder.rejectedRows,
              accepted: decoder.accepted, isUnreadable: decoder.readable == 0 && decoder.firstError != nil,
              isVerbose: request.isVerbose, firstError: decoder.firstError)
          })
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  // MARK: - Counting

  private static let eventsHelp = "Events of ingest requests by dialect and result."

  /// What is counted of a request; its body is gone by the time of the commit.
  private struct Receipt: Sendable {
    var table: String?
    var dialect: String
    var bytes: Int
    var started: UInt64
  }

  private func record(_ outcome: IngestOutcome, _ receipt: Receipt) {
    if let table = receipt.table {
      ingest.count(table, receipt.dialect) { counts in
        counts.requests += 1
        counts.bytes += receipt.bytes
        counts.stored += outcome.stored
        counts.duplicates += outcome.duplicates
        counts.rejected += outcome.rejected.count
      }
    }
    for (result, count) in [
      ("stored", outcome.stored), ("duplicate", outcome.duplicates), ("rejected", outcome.rejected.count),
    ] where count > 0 {
      Metrics.shared.add(
        "apus_ingest_events_total", Double(count), labels: "dialect=\"\(receipt.dialect)\",result=\"\(result)\"",
        help: Self.eventsHelp)
    }
    Metrics.shared.observe(
      "apus_ingest_acknowledgement_seconds", seconds: Double(monotonicNanoseconds() &- receipt.started) / 1e9,
      help: "From the start of decoding to the durable commit.")
  }

  private func refuse(_ receipt: Receipt) {
    if let table = receipt.table { ingest.count(table, receipt.dialect) { $0.refused += 1 } }
    Metrics.shared.add(
      "apus_ingest_refused_total", labels: "dialect=\"\(receipt.dialect)\"", help: "Ingest requests refused whole.")
  }
}
