// How a body is cut into events: lines, an array, one object, or a vendor's envelope.

import ApusBase
import ApusColumns

extension EventDecoder {
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }

  private static func skipSpace(_ body: UnsafeRawBufferPointer, _ from: Int) -> Int {
    var at = from
    while at < body.count, isSpace(body[at]) { at &+= 1 }
    return at
  }

  private static func part(_ body: UnsafeRawBufferPointer, _ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: body[range])
  }

  /// Decodes the whole body. Throws 22P02 when it is empty or no document, 54000 for too many rejects, 53200.
  mutating func decode(_ whole: UnsafeRawBufferPointer, _ parser: JSONParser) throws(ApusError) {
    // A byte order mark is no part of the text.
    let body = whole.starts(with: [0xEF, 0xBB, 0xBF]) ? Self.part(whole, 3..<whole.count) : whole
    let first = Self.skipSpace(body, 0)
    guard first < body.count else { throw ApusError(.invalidTextRepresentation, "the request has no events") }
    if case .segment(.batch) = request.dialect {
      try batch(body, first, parser, sentAt: "sentAt")
    } else if case .posthog(let call) = request.dialect, body[first] == UInt8(ascii: "{"),
      call == .analytics || Self.isBatch(body, first)
    {
      try batch(body, first, parser, sentAt: "sent_at")
    } else if body[first] == UInt8(ascii: "[") {
      try elements(body, first, parser)
    } else if request.dialect != .native {
      try single(body, parser)
    } else if body[first] == UInt8(ascii: "{"), let end = JSONParser.endOfValue(body, at: first),
      Self.skipSpace(body, end) == body.count
    {
      try single(body, parser)
    } else {
      try lines(body, parser)
    }
    try flush()
  }

  private mutating func single(_ body: UnsafeRawBufferPointer, _ parser: JSONParser) throws(ApusError) {
    try take(parser.parse(body), line: 1, body)
  }

  private mutating func lines(_ body: UnsafeRawBufferPointer, _ parser: JSONParser) throws(ApusError) {
    parser.beginLines(body)
    while let document = parser.nextLine() {
      let start = document.offset
      try take(document, line: document.line, Self.part(body, start..<start + document.length))
    }
  }

  /// The elements of the array that begins at `start`, each read by itself: one that is broken leaves the others be.
  mutating func elements(
    _ body: UnsafeRawBufferPointer, _ start: Int, _ parser: JSONParser
  ) throws(ApusError) {
    var number = 1
    var at = Self.skipSpace(body, start + 1)
    if at < body.count, body[at] == UInt8(ascii: "]") {
      try trailing(body, at + 1, number)
      return
    }
    while true {
      guard let end = JSONParser.endOfValue(body, at: at) else {
        // Where the next one would begin cannot be told.
        let rest = Self.part(body, min(at, body.count)..<body.count)
        return try take(parser.parse(rest.prefixed(Limits.eventBytesMax)), line: number, rest)
      }
      let element = Self.part(body, at..<end)
      try take(parser.parse(element), line: number, element)
      number += 1
      at = Self.skipSpace(body, end)
      if at < body.count, body[at] == UInt8(ascii: ",") {
        at = Self.skipSpace(body, at + 1)
        continue
      }
      guard at < body.count, body[at] == UInt8(ascii: "]") else {
        let rest = Self.part(body, at..<body.count)
        let fault = IngestFault(.malformedJSON, "the array of events is broken off here")
        return try reject(fault, line: number, eventID: nil, rest)
      }
      return try trailing(body, at + 1, number)
    }
  }

  private mutating func trailing(
    _ body: UnsafeRawBufferPointer, _ from: Int, _ number: Int
  ) throws(ApusError) {
    guard !isInEnvelope else { return }
    let at = Self.skipSpace(body, from)
    guard at < body.count else { return }
    let fault = IngestFault(.malformedJSON, "there is more after the array of events")
    try reject(fault, line: number, eventID: nil, Self.part(body, at..<body.count))
  }

  /// Whether the object at `first` has a member `batch`: PostHog sends single events to the same paths.
  private static func isBatch(_ body: UnsafeRawBufferPointer, _ first: Int) -> Bool {
    envelope(body, first)?.contains { $0.name == "batch" } ?? false
  }

  /// A batch: `{"batch": [...], "sentAt": ..., "context": {...}}`, where Segment's and PostHog's names of the sending
  /// differ and only Segment's has a context. The members around the events are cut out first, so that a broken event
  /// leaves the others be.
  private mutating func batch(
    _ body: UnsafeRawBufferPointer, _ first: Int, _ parser: JSONParser, sentAt: String
  ) throws(ApusError) {
    let isPostHog = sentAt == "sent_at"
    guard let members = Self.envelope(body, first) else {
      let document = parser.parse(body)
      throw document.error?.apusError(body)
        ?? ApusError(.invalidTextRepresentation, "a batch is an object with a member \"batch\"")
    }
    var events: Range<Int>?
    for (name, value) in members {
      switch name {
      case "batch": events = value
      case sentAt:
        let document = parser.parse(Self.part(body, value))
        guard document.error == nil, document[0].kind == .string,
          let time = try? DateTimeInput.timestamptz(document.text(document[0]), settings), TimestampRange.isFinite(time)
        else {
          // PostHog's SDKs would drop the whole batch; its own servers leave the clock as it is.
          if isPostHog || (document.error == nil && document[0].kind == .null) { continue }
          throw ApusError(.invalidDatetimeFormat, "the batch's sentAt is not a time")
        }
        envelopeSentAt = time
      case "context" where !isPostHog:
        let document = parser.parse(Self.part(body, value))
        if document.error == nil, document[0].kind == .object, document[0].number > 0 {
          envelopeContext = Array(Self.part(body, value))
        }
      default: continue
      }
    }
    guard let events, body[events.lowerBound] == UInt8(ascii: "[") else {
      throw ApusError(.invalidTextRepresentation, "a batch is an object with an array \"batch\"")
    }
    isInEnvelope = true
    try elements(Self.part(body, events), 0, parser)
  }

  /// The members of the object at `start`, by brackets and quotes alone; nil when it is not whole.
  private static func envelope(
    _ body: UnsafeRawBufferPointer, _ start: Int
  ) -> [(name: String, value: Range<Int>)]? {
    guard body[start] == UInt8(ascii: "{") else { return nil }
    var found: [(String, Range<Int>)] = []
    var at = skipSpace(body, start + 1)
    if at < body.count, body[at] == UInt8(ascii: "}") { return found }
    while at < body.count, body[at] == UInt8(ascii: "\""), let end = JSONParser.endOfValue(body, at: at) {
      let name = String(decoding: body[at + 1..<max(at + 1, end - 1)], as: UTF8.self)
      at = skipSpace(body, end)
      guard at < body.count, body[at] == UInt8(ascii: ":") else { return nil }
      at = skipSpace(body, at + 1)
      guard let valueEnd = JSONParser.endOfValue(body, at: at) else { return nil }
      found.append((name, at..<valueEnd))
      at = skipSpace(body, valueEnd)
      guard at < body.count else { return nil }
      if body[at] == UInt8(ascii: "}") { return skipSpace(body, at + 1) == body.count ? found : nil }
      guard body[at] == UInt8(ascii: ",") else { return nil }
      at = skipSpace(body, at + 1)
    }
    return nil
  }
}

extension UnsafeRawBufferPointer {
  /// The first bytes, at most `count`.
  fileprivate func prefixed(_ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self.prefix(count))
  }
}
