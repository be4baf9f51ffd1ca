// The way of an event from the bytes of a request to its acknowledgement.

public import ApusBase

extension Database {
  /// Decodes, admits and appends on the calling thread; `completion` runs exactly once, on an arbitrary thread, when
  /// the events are durable and visible, or not at all stored. Never waits for the disk.
  ///
  /// Fails, with nothing stored, with 22P02 (and its class) when nothing of the body can be read, 42P01 when there is
  /// no such table, 53200 (send again in a moment) while rows come in faster than they are written, 53100 while the
  /// disk is nearly full, 58030 once writing has ended.
  public func ingest(
    _ request: IngestRequest, completion: @escaping @Sendable (Result<IngestOutcome, ApusError>) -> Void
  ) {
    completion(.failure(.unsupported("ingest is")))
  }
}
