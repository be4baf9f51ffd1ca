// EventDecoder owns the decoding of a body: which texts are events, what becomes of those that cannot be stored, and
// the columns of the rest.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

/// Why an event is not stored.
struct IngestFault {
  /// As `RejectedEvent.code` lists them.
  enum Code: String {
    case malformedJSON = "malformed_json"
    case invalidUTF8 = "invalid_utf8"
    /// `\u0000`, which neither text nor jsonb can hold (22P05).
    case invalidCharacter = "invalid_character"
    case tooDeep = "too_deep"
    case tooLarge = "too_large"
    case notAnObject = "not_an_object"
    case missingEvent = "missing_event"
    case missingValue = "missing_value"
    case invalidValue = "invalid_value"
    case unknownField = "unknown_field"
    case unknownType = "unknown_type"
    case tooOld = "too_old"
    case tooNew = "too_new"
  }
  var code: Code
  var reason: String

  init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}

/// One request's events, decoded on one thread.
struct EventDecoder: ~Copyable {
  /// Where the value of a column of the current event is.
  struct Cell {
    enum State: UInt8 { case absent, null, token, fixed, scratch, value }
    var state: State
    /// A token, or a length in the scratch bytes.
    var token: Int32
    /// A fixed-width value, or a place in the scratch bytes.
    var number: Int64
  }

  let target: IngestTarget
  let request: IngestRequest
  let received: PostgresMicroseconds
  let bounds: AdmissionBounds?
  let settings: FormatSettings
  let vendor: VendorColumns?

  var sinks: UnsafeMutablePointer<ColumnSink>
  let cells: UnsafeMutablePointer<Cell>
  var fields: FieldNames
  /// Names within `properties` that a dialect reads.
  var propertyFields: FieldNames
  /// Texts that are not in the body: of numbers in text columns, and names of Segment's calls.
  var scratch: [UInt8] = []
  /// Values of columns without a fast way, by column.
  var values: [Value]
  /// Members of `properties` that are put together.
  var members: UnsafeMutablePointer<ShreddedMember>
  var memberCount = 0
  private var memberCapacity = 32
  /// Rows without a value in a column whose default is computed, by the place in `target.computed`.
  var absentRows: [[UInt32]]

  /// Vendors' batches: whether one is being read, and what it says for all of its events.
  var isInEnvelope = false
  var envelopeSentAt: PostgresMicroseconds?
  var envelopeContext: [UInt8]?

  /// Rows in the sinks.
  var rowCount = 0
  private(set) var batches: [RowBatch] = []
  /// Events that were JSON, stored or not.
  private(set) var readable = 0
  private(set) var rejected: [RejectedEvent] = []
  private(set) var rejectedRows: [RejectedRow] = []
  /// The error of the first text that was not JSON.
  private(set) var firstError: ApusError?
  /// Line and key of every stored row, in order: for verbose answers.
  private(set) var accepted: [(line: Int, eventID: String?)] = []

  static let rowsPerBatch = Limits.rowsPerRowGroup
  /// What a number may grow to when it is written out in a text column.
  static let writtenNumberBytesMax = 1_000

  init(
    _ request: IngestRequest, target: IngestTarget, received: PostgresMicroseconds, bounds: AdmissionBounds?
  ) throws(ApusError) {
    self.request = request
    self.target = target
    self.received = received
    self.bounds = bounds
    settings = FormatSettings(now: received)
    let count = target.columns.count
    switch request.dialect {
    case .native:
      vendor = nil
      fields = FieldNames(target.names)
      propertyFields = FieldNames([])
    case .segment:
      vendor = try VendorColumns(target, for: "Segment")
      fields = FieldNames(SegmentField.names)
      propertyFields = FieldNames([])
    case .posthog:
      vendor = try VendorColumns(target, for: "PostHog")
      fields = FieldNames(PostHogField.names)
      propertyFields = FieldNames(PostHogProperty.names)
    }
    sinks = Self.makeSinks(target)
    cells = .allocate(capacity: count)
    cells.initialize(repeating: Cell(state: .absent, token: 0, number: 0), count: count)
    values = Array(repeating: .null, count: count)
    members = .allocate(capacity: memberCapacity)
    absentRows = Array(repeating: [], count: target.computed.count)
  }

  deinit {
    sinks.deinitialize(count: target.columns.count)
    sinks.deallocate()
    cells.deallocate()
    members.deallocate()
  }

  private static func makeSinks(_ target: IngestTarget) -> UnsafeMutablePointer<ColumnSink> {
    let sinks = UnsafeMutablePointer<ColumnSink>.allocate(capacity: target.columns.count)
    for (index, column) in target.columns.enumerated() {
      (sinks + index).initialize(to: ColumnSink(type: column.type))
    }
    return sinks
  }

  // MARK: - Members of properties

  mutating func removeMembers() { memberCount = 0 }

  @inline(__always)
  mutating func addMember(_ key: UnsafeRawBufferPointer, _ document: JSONDocument, _ value: Int) {
    if memberCount == memberCapacity { growMembers() }
    (members + memberCount).initialize(to: ShreddedMember(key: key, document: document, value: value))
    memberCount &+= 1
  }

  @inline(__always)
  mutating func addMember(_ key: StaticString, _ document: JSONDocument, _ value: Int) {
    addMember(UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount), document, value)
  }

  private mutating func growMembers() {
    let larger = UnsafeMutablePointer<ShreddedMember>.allocate(capacity: memberCapacity * 2)
    larger.update(from: members, count: memberCount)
    members.deallocate()
    members = larger
    memberCapacity *= 2
  }

  // MARK: - Outcomes of single events

  mutating func noteAccepted(_ line: Int, _ eventID: String?) { accepted.append((line, eventID)) }

  /// Takes one document of the body: an event, or a text that is not JSON.
  mutating func take(_ document: JSONDocument, line: Int, _ source: UnsafeRawBufferPointer) throws(ApusError) {
    if let error = document.error {
      let failure = error.apusError(source)
      if error.kind == .outOfMemory { throw failure }
      if firstError == nil {
        firstError = failure
        firstError?.context = "event \(line)"
      }
      let reason = failure.message + (failure.detail.map { ": " + $0 } ?? "")
      return try reject(IngestFault(Self.code(of: error), reason), line: line, eventID: nil, source)
    }
    readable += 1
    guard source.count <= Limits.eventBytesMax else {
      let reason = "an event is at most \(Limits.eventBytesMax) bytes"
      return try reject(IngestFault(.tooLarge, reason), line: line, eventID: nil, source)
    }
    let fault: IngestFault?
    switch request.dialect {
    case .native: fault = native(document, line: line)
    case .segment(let call): fault = segmentEvent(document, call, line: line)
    case .posthog: fault = posthogEvent(document, line: line)
    }
    guard let fault else {
      if rowCount >= Self.rowsPerBatch { try flush() }
      return
    }
    try reject(fault, line: line, eventID: eventID(document), source)
  }

  private static func code(of error: JSONError) -> IngestFault.Code {
    switch error.kind {
    case .invalidUTF8: .invalidUTF8
    case .nulEscape: .invalidCharacter
    case .tooDeep: .tooDeep
    case .tooLarge: .tooLarge
    case .malformed, .outOfMemory: .malformedJSON
    }
  }

  /// The key by which the event is told from others, as text.
  func eventID(_ document: JSONDocument) -> String? {
    guard document.count > 0, document[0].kind == .object else { return nil }
    let name: String?
    switch request.dialect {
    case .native: name = target.definition.options.dedupeKey
    case .segment: name = "messageId"
    case .posthog: name = "uuid"
    }
    guard let name, let token = JSONB.member(document, 0, name), document[token].kind == .string else { return nil }
    return document.string(token)
  }

  /// Keeps an event that is not stored. Throws 54000 when there are too many in one request: nothing is stored then.
  mutating func reject(
    _ fault: IngestFault, line: Int, eventID: String?, _ source: UnsafeRawBufferPointer
  ) throws(ApusError) {
    guard rejected.count < Limits.rejectsPerRequestMax else {
      throw ApusError(
        .programLimitExceeded, "more than \(Limits.rejectsPerRequestMax) events of the request are to be rejected",
        detail: "Nothing of it was stored. The first: line \(rejected[0].line): \(rejected[0].reason)")
    }
    let number = line &+ (request.firstLine &- 1)
    rejected.append(RejectedEvent(line: number, eventID: eventID, code: fault.code.rawValue, reason: fault.reason))
    var payload = String(decoding: source.prefix(Self.payloadBytesMax), as: UTF8.self)
    if payload.utf8.contains(0) { payload = String(payload.map { $0 == "\0" ? "\u{FFFD}" : $0 }) }
    rejectedRows.append(
      RejectedRow(
        table: target.definition.qualifiedName, dialect: request.acceptsAnyTime ? "import" : request.dialect.name,
        line: Int64(number), eventID: eventID, code: fault.code.rawValue, reason: fault.reason, payload: payload))
  }

  /// The store keeps as much of what was sent.
  private static let payloadBytesMax = 64 << 10

  // MARK: - Batches

  /// Makes a batch of the rows so far.
  mutating func flush() throws(ApusError) {
    guard rowCount > 0 else { return }
    var vectors: [Vector] = []
    vectors.reserveCapacity(target.columns.count)
    for index in target.columns.indices { vectors.append(sinks[index].finish()) }
    for place in target.computed.indices where !absentRows[place].isEmpty {
      pendingDefaults.append(
        PendingDefault(batch: batches.count, column: target.computed[place], rows: absentRows[place]))
      absentRows[place] = []
    }
    sinks.deinitialize(count: target.columns.count)
    for (index, column) in target.columns.enumerated() {
      (sinks + index).initialize(to: ColumnSink(type: column.type))
    }
    batches.append(
      RowBatch(
        table: target.definition.id, columns: target.columns.map(\.id), rows: Batch(columns: vectors, count: rowCount)))
    rowCount = 0
    try MemoryBudget.check(0)
  }

  /// Rows that take a computed default.
  struct PendingDefault {
    var batch: Int
    var column: Int
    var rows: [UInt32]
  }
  private(set) var pendingDefaults: [PendingDefault] = []

  /// Puts computed defaults where events left the column out. `evaluate` gives an expression's values for rows.
  mutating func fillDefaults(
    _ evaluate: (ApusPlan.Expression, Int) throws(ApusError) -> Vector
  ) throws(ApusError) {
    for pending in pendingDefaults {
      guard case .expression(let expression) = target.columns[pending.column].default else { continue }
      let given = batches[pending.batch].rows.columns[pending.column]
      let computed = try evaluate(expression, given.count)
      if pending.rows.count == given.count {
        batches[pending.batch].rows.columns[pending.column] = computed
        continue
      }
      var values = (0..<given.count).map { given.value(at: $0) }
      for row in pending.rows { values[Int(row)] = computed.value(at: Int(row)) }
      let type = target.columns[pending.column].type.type
      let filled = Vector.of(values, type: type)
      batches[pending.batch].rows.columns[pending.column] = type == .jsonb ? try filled.shredded() : filled
    }
  }
}
