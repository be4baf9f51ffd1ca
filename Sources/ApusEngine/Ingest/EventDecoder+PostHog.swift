// PostHog's events, of its `/capture` family and of `/i/v1/analytics/events`: what becomes of each field stands in
// docs/EVENTS.md.

import ApusBase
import ApusColumns

/// The members of a PostHog event that have a place.
enum PostHogField: Int, CaseIterable {
  case event, uuid, distinctID, timestamp, offset, sentAt, properties, set, setOnce, unset
  /// Of `/i/v1/analytics/events` alone.
  case options, sessionID, windowID

  static let names = [
    "event", "uuid", "distinct_id", "timestamp", "offset", "sent_at", "properties", "$set", "$set_once", "$unset",
    "options", "session_id", "window_id",
  ]
}

/// The members of its `properties` that say more than themselves.
enum PostHogProperty: Int, CaseIterable {
  case distinctID, dollarDistinctID, processPersonProfile, sessionID, anonymousID, ignoreSentAt, set, setOnce, unset
  case library, token

  static let names = [
    "distinct_id", "$distinct_id", "$process_person_profile", "$session_id", "$anon_distinct_id", "$ignore_sent_at",
    "$set", "$set_once", "$unset", "$lib", "token",
  ]
}

extension EventDecoder {
  /// Tokens by number; -1 for none and for JSON null.
  private struct PostHogTokens<Field: RawRepresentable<Int>> {
    private var places = InlineArray<16, Int32>(repeating: -1)
    subscript(field: Field) -> Int? {
      let place = places[field.rawValue]
      return place >= 0 ? Int(place) : nil
    }
    mutating func put(_ field: Int, _ token: Int?) { places[field] = Int32(truncatingIfNeeded: token ?? -1) }
  }

  mutating func posthogEvent(_ document: JSONDocument, line: Int) -> IngestFault? {
    guard document[0].kind == .object else { return IngestFault(.notAnObject, "an event is a JSON object") }
    guard let columns = vendor else { return IngestFault(.unknownType, "the table takes no PostHog events") }
    clearCells()
    var tokens = PostHogTokens<PostHogField>()
    var at = 1
    var previous = -1
    while at < document[0].end {
      let field = fields.find(document.text(document[at]), after: previous)
      if field >= 0 {
        previous = field
        tokens.put(field, document[at &+ 1].kind == .null ? nil : at &+ 1)
      }
      at = document[at &+ 1].end
    }
    if let token = tokens[.properties], document[token].kind != .object {
      return IngestFault(.invalidValue, "\"properties\" is not an object")
    }
    let properties = addPostHogProperties(document, tokens)
    if let fault = acceptIdentity(document, tokens, properties, columns)
      ?? acceptMoment(document, tokens, properties, columns)
    {
      return fault
    }
    addPostHogMembers(document, tokens)
    return finishPostHog(document, tokens, properties, line: line)
  }

  /// Adds `properties`' members and finds those with a meaning.
  private mutating func addPostHogProperties(_ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>)
    -> PostHogTokens<
      PostHogProperty
    >
  {
    var found = PostHogTokens<PostHogProperty>()
    guard let object = tokens[.properties] else { return found }
    var at = object &+ 1
    var previous = -1
    while at < document[object].end {
      let key = document.text(document[at])
      let field = propertyFields.find(key, after: previous)
      if field >= 0 {
        previous = field
        found.put(field, document[at &+ 1].kind == .null ? nil : at &+ 1)
      }
      if field != PostHogProperty.token.rawValue || !Self.isIngestKey(document, at &+ 1) {
        addMember(key, document, at &+ 1)
      }
      at = document[at &+ 1].end
    }
    return found
  }

  private static func isIngestKey(_ document: JSONDocument, _ value: Int) -> Bool {
    document[value].kind == .string && document.text(document[value]).starts(with: "apus_ingest_".utf8)
  }

  /// Whether a value means false, in the spellings that PostHog takes.
  private static func isFalse(_ document: JSONDocument, _ token: Int?) -> Bool {
    truth(document, token) == false
  }

  private static func truth(_ document: JSONDocument, _ token: Int?) -> Bool? {
    guard let token else { return nil }
    switch document[token].kind {
    case .false: return false
    case .true: return true
    case .integer, .decimal: return document[token].number != 0
    case .string:
      switch document.string(token).trimmingPrefix(while: { $0 == " " }).lowercased() {
      case "false", "0": return false
      case "true", "1": return true
      default: return nil
      }
    default: return nil
    }
  }

  private func isBlank(_ document: JSONDocument, _ token: Int) -> Bool {
    document[token].kind == .string && document.text(document[token]).isEmpty
  }

  private func option(_ name: StaticString, _ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>) -> Int? {
    tokens[.options].flatMap { document.member(name, of: $0) }
  }

  /// Name, key and who it was.
  private mutating func acceptIdentity(
    _ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>, _ properties: PostHogTokens<PostHogProperty>,
    _ columns: VendorColumns
  ) -> IngestFault? {
    if let token = tokens[.event], let fault = accept(columns.event, document, token) { return fault }
    if let token = tokens[.uuid], let fault = accept(columns.eventID, document, token) { return fault }
    guard let id = tokens[.distinctID] ?? properties[.distinctID] ?? properties[.dollarDistinctID],
      !isBlank(document, id)
    else { return IngestFault(.missingValue, "the event has no \"distinct_id\"") }
    let isAnonymous =
      Self.isFalse(document, properties[.processPersonProfile])
      || Self.isFalse(document, option("process_person_profile", document, tokens))
    if let fault = accept(isAnonymous ? columns.anonymousID : columns.userID, document, id) { return fault }
    if !isAnonymous, let token = tokens[.event], document.text(document[token]).elementsEqual("$identify".utf8),
      let anonymous = properties[.anonymousID], !isBlank(document, anonymous),
      let fault = accept(columns.anonymousID, document, anonymous)
    {
      return fault
    }
    if let column = columns.sessionID, let token = tokens[.sessionID] ?? properties[.sessionID],
      document[token].kind == .string, !isBlank(document, token)
    {
      return accept(column, document, token)
    }
    return nil
  }

  /// When it was: by the client's clock and that of its sending, or by how long before the sending.
  private mutating func acceptMoment(
    _ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>, _ properties: PostHogTokens<PostHogProperty>,
    _ columns: VendorColumns
  ) -> IngestFault? {
    if let token = tokens[.timestamp] {
      if let fault = accept(columns.time, document, token) { return fault }
    } else if let token = tokens[.offset], document[token].kind == .integer {
      let (microseconds, isLarge) = document[token].number.multipliedReportingOverflow(by: 1_000)
      let (time, isEarly) = received.subtractingReportingOverflow(microseconds)
      if isLarge || isEarly || !TimestampRange.contains(time) {
        return IngestFault(.invalidValue, "\"offset\" is out of range")
      }
      cells[columns.time] = Cell(state: .fixed, token: 0, number: time)
      return nil
    }
    let ignoresClock =
      Self.truth(document, properties[.ignoreSentAt]) == true
      || Self.truth(document, option("disable_skew_correction", document, tokens)) == true
    if ignoresClock { return nil }
    if let token = tokens[.sentAt], document[token].kind == .string {
      return accept(columns.sentAt, document, token)
    }
    if let sent = envelopeSentAt ?? request.sentAt {
      cells[columns.sentAt] = Cell(state: .fixed, token: 0, number: sent)
    }
    return nil
  }

  /// What the newer endpoint takes out of `properties`, put back under the names that it has there.
  private mutating func addPostHogMembers(_ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>) {
    if let token = tokens[.sessionID] { addMember("$session_id", document, token) }
    if let token = tokens[.windowID] { addMember("$window_id", document, token) }
    if let token = option("process_person_profile", document, tokens) {
      addMember("$process_person_profile", document, token)
    }
    if let token = option("cookieless_mode", document, tokens) { addMember("$cookieless_mode", document, token) }
    if let token = option("disable_skew_correction", document, tokens) {
      addMember("$ignore_sent_at", document, token)
    }
    if let token = option("product_tour_id", document, tokens) { addMember("$product_tour_id", document, token) }
  }

  /// `$set` and `$set_once` stand beside `properties` or within it, or both: then their members are put together, and
  /// those beside it win.
  private mutating func finishPostHog(
    _ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>, _ properties: PostHogTokens<PostHogProperty>,
    line: Int
  ) -> IngestFault? {
    var more: [UInt8] = []
    let pairs: [(StaticString, Int?, Int?)] = [
      ("$set", tokens[.set], properties[.set]), ("$set_once", tokens[.setOnce], properties[.setOnce]),
      ("$unset", tokens[.unset], properties[.unset]),
    ]
    for (name, beside, within) in pairs {
      guard let beside else { continue }
      if let within, document[beside].kind == .object, document[within].kind == .object, document[beside].number > 0,
        document[within].number > 0
      {
        more += (more.isEmpty ? "{" : ",").utf8
        more += "\"\(name)\":".utf8
        more += document.text(document[within]).dropLast()
        more.append(UInt8(ascii: ","))
        more += document.text(document[beside]).dropFirst()
      } else {
        addMember(name, document, beside)
      }
    }
    if let library = request.library, properties[.library] == nil {
      more += (more.isEmpty ? "{" : ",").utf8
      more += "\"$lib\":\(jsonText(library.name)),\"$lib_version\":\(jsonText(library.version))".utf8
    }
    guard !more.isEmpty else { return finishPostHogRow(document, tokens, line) }
    more.append(UInt8(ascii: "}"))
    var fault: IngestFault?
    more.withUnsafeBytes { raw in
      do throws(ApusError) {
        try JSONB.parsing(raw) { (added) throws(ApusError) in
          var at = 1
          while at < added[0].end {
            addMember(added.text(added[at]), added, at &+ 1)
            at = added[at &+ 1].end
          }
          fault = finishPostHogRow(document, tokens, line)
        }
      } catch {
        fault = IngestFault(.invalidValue, "\"$set\": \(error.message)")
      }
    }
    return fault
  }

  private mutating func finishPostHogRow(
    _ document: JSONDocument, _ tokens: PostHogTokens<PostHogField>, _ line: Int
  ) -> IngestFault? {
    if memberCount == 0, let token = tokens[.properties], let column = vendor?.properties {
      cells[column] = Cell(state: .token, token: Int32(truncatingIfNeeded: token), number: 0)
    }
    return finishRow(document, properties: nil, clientTime: tokens[.timestamp], line: line)
  }
}
