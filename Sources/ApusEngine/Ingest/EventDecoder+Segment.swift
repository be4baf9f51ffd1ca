// Segment's events (segment.com/docs/connections/spec): what becomes of each field stands in docs/EVENTS.md.

import ApusBase
import ApusColumns

/// The members of a Segment event that have a place.
enum SegmentField: Int, CaseIterable {
  case type, event, messageId, userId, anonymousId, timestamp, originalTimestamp, sentAt, properties, context, traits
  case name, category, groupId, previousId

  static let names = allCases.map { String(describing: $0) }
}

extension EventDecoder {
  /// The tokens of an event's members, by field; -1 for none and for JSON null.
  private struct Tokens {
    private var places = InlineArray<15, Int32>(repeating: -1)
    subscript(field: SegmentField) -> Int? {
      get {
        let place = places[field.rawValue]
        return place >= 0 ? Int(place) : nil
      }
      set { places[field.rawValue] = Int32(truncatingIfNeeded: newValue ?? -1) }
    }
    mutating func put(_ field: Int, _ token: Int) { places[field] = Int32(truncatingIfNeeded: token) }
  }

  mutating func segmentEvent(
    _ document: JSONDocument, _ call: IngestDialect.SegmentCall, line: Int
  ) -> IngestFault? {
    guard document[0].kind == .object else { return IngestFault(.notAnObject, "an event is a JSON object") }
    guard let segment = vendor else { return IngestFault(.unknownType, "the table takes no Segment events") }
    clearCells()
    var tokens = Tokens()
    let end = document[0].end
    var at = 1
    var previous = -1
    while at < end {
      let field = fields.find(document.text(document[at]), after: previous)
      if field >= 0 {
        previous = field
        tokens.put(field, document[at &+ 1].kind == .null ? -1 : at &+ 1)
      }
      at = document[at &+ 1].end
    }
    var kind = call
    if call == .batch {
      guard let type = tokens[.type], let named = IngestDialect.SegmentCall(rawValue: document.string(type)),
        named != .batch, document[type].kind == .string
      else { return IngestFault(.unknownType, "the event's \"type\" is none of Segment's") }
      kind = named
    }
    if let fault = acceptSegment(document, tokens, kind, segment) { return fault }
    return putSegmentProperties(document, tokens, kind, line: line)
  }

  /// The members that are columns.
  private mutating func acceptSegment(
    _ document: JSONDocument, _ tokens: Tokens, _ kind: IngestDialect.SegmentCall, _ segment: VendorColumns
  ) -> IngestFault? {
    let name: StaticString =
      switch kind {
      case .track, .batch: ""
      case .page: "$pageview"
      case .screen: "$screen"
      case .identify: "$identify"
      case .group: "$group"
      case .alias: "$alias"
      }
    if name.utf8CodeUnitCount > 0 {
      let length = Int32(truncatingIfNeeded: name.utf8CodeUnitCount)
      cells[segment.event] = Cell(state: .scratch, token: length, number: Int64(scratch.count))
      scratch.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    } else if let event = tokens[.event], let fault = accept(segment.event, document, event) {
      return fault
    }
    if let token = tokens[.messageId], let fault = accept(segment.eventID, document, token) { return fault }
    if let token = tokens[.userId], !isEmptyText(document, token),
      let fault = accept(segment.userID, document, token)
    {
      return fault
    }
    if let token = tokens[.anonymousId], !isEmptyText(document, token),
      let fault = accept(segment.anonymousID, document, token)
    {
      return fault
    }
    if let token = tokens[.timestamp] ?? tokens[.originalTimestamp],
      let fault = accept(segment.time, document, token)
    {
      return fault
    }
    if let token = tokens[.sentAt] {
      if let fault = accept(segment.sentAt, document, token) { return fault }
    } else if let envelopeSentAt {
      cells[segment.sentAt] = Cell(state: .fixed, token: 0, number: envelopeSentAt)
    }
    return nil
  }

  private func isEmptyText(_ document: JSONDocument, _ token: Int) -> Bool {
    document[token].kind == .string && document.text(document[token]).isEmpty
  }

  private func objectFault(_ document: JSONDocument, _ token: Int?, _ name: String) -> IngestFault? {
    guard let token, document[token].kind != .object else { return nil }
    return IngestFault(.invalidValue, "\"\(name)\" is not an object")
  }

  /// `properties` at the top level, and around them what has no column.
  private mutating func putSegmentProperties(
    _ document: JSONDocument, _ tokens: Tokens, _ kind: IngestDialect.SegmentCall, line: Int
  ) -> IngestFault? {
    if let fault = objectFault(document, tokens[.properties], "properties")
      ?? objectFault(document, tokens[.context], "context") ?? objectFault(document, tokens[.traits], "traits")
    {
      return fault
    }
    let named = kind == .page || kind == .screen
    if let properties = tokens[.properties] {
      let end = document[properties].end
      var at = properties &+ 1
      while at < end {
        let key = document.text(document[at])
        // The event's own name and category stand for those that SDKs repeat here.
        let isRepeated =
          named
          && ((tokens[.name] != nil && key.elementsEqual("name".utf8))
            || (tokens[.category] != nil && key.elementsEqual("category".utf8)))
        if !isRepeated { addMember(key, document, at &+ 1) }
        at = document[at &+ 1].end
      }
    }
    if named, let token = tokens[.name] { addMember("name", document, token) }
    if named, let token = tokens[.category] { addMember("category", document, token) }
    if let token = tokens[.groupId] { addMember("groupId", document, token) }
    if let token = tokens[.previousId] { addMember("previousId", document, token) }
    if let token = tokens[.traits] { addMember("$set", document, token) }
    let clientTime = tokens[.timestamp] ?? tokens[.originalTimestamp]
    guard let envelopeContext else {
      if let token = tokens[.context] { addMember("$context", document, token) }
      return finishSegment(document, tokens, clientTime, line)
    }
    // The batch's context holds for all of its events; an event's own members come after and win.
    let own = tokens[.context].map { Array(document.text(document[$0])) } ?? Array("{}".utf8)
    let isBare = tokens[.context].map { document[$0].number == 0 } ?? true
    let merged = isBare ? envelopeContext : envelopeContext.dropLast() + [UInt8(ascii: ",")] + own.dropFirst()
    var fault: IngestFault?
    merged.withUnsafeBytes { raw in
      do throws(ApusError) {
        try JSONB.parsing(raw) { (context) throws(ApusError) in
          addMember("$context", context, 0)
          fault = finishSegment(document, tokens, clientTime, line)
        }
      } catch {
        fault = IngestFault(.invalidValue, "\"context\": \(error.message)")
      }
    }
    return fault
  }

  private mutating func finishSegment(
    _ document: JSONDocument, _ tokens: Tokens, _ clientTime: Int?, _ line: Int
  ) -> IngestFault? {
    if memberCount == 0, tokens[.properties] != nil, let column = vendor?.properties, let token = tokens[.properties] {
      cells[column] = Cell(state: .token, token: Int32(truncatingIfNeeded: token), number: 0)
    }
    return finishRow(document, properties: nil, clientTime: clientTime, line: line)
  }
}
