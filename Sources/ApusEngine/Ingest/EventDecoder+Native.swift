// Native events: their members are the table's columns; the others go to `properties`.

import ApusBase
import ApusColumns
import ApusStore

extension EventDecoder {
  /// Reads one event and appends it, or says why not.
  mutating func native(_ document: JSONDocument, line: Int) -> IngestFault? {
    guard document[0].kind == .object else { return IngestFault(.notAnObject, "an event is a JSON object") }
    clearCells()
    let end = document[0].end
    var at = 1
    var previous = -1
    var timeToken: Int?
    while at < end {
      let key = document.text(document[at])
      let field = fields.find(key, after: previous)
      if field >= 0, field < target.columns.count {
        previous = field
        if field == target.time { timeToken = at &+ 1 }
        if let fault = accept(field, document, at &+ 1) { return fault }
      } else if let fault = unplaced(field, key, document, at &+ 1) {
        return fault
      }
      at = document[at &+ 1].end
    }
    var properties: Int?
    if let column = target.properties, cells[column].state == .token {
      let token = Int(cells[column].token)
      guard document[token].kind == .object else {
        return IngestFault(.invalidValue, "\"properties\" is not an object")
      }
      properties = token
    }
    return finishRow(document, properties: properties, clientTime: timeToken, line: line)
  }

  /// Whether a member is the key that let the body in, which nothing should keep.
  private static func isIngestKey(
    _ key: UnsafeRawBufferPointer, _ document: JSONDocument, _ value: Int
  ) -> Bool {
    guard document[value].kind == .string,
      key.elementsEqual("api_key".utf8) || key.elementsEqual("token".utf8) || key.elementsEqual("writeKey".utf8)
    else { return false }
    return document.text(document[value]).starts(with: "apus_ingest_".utf8)
  }

  /// A member that is no stored column.
  private mutating func unplaced(
    _ field: Int, _ key: UnsafeRawBufferPointer, _ document: JSONDocument, _ value: Int
  ) -> IngestFault? {
    if field >= 0 {
      // Rows that were exported bring their generated columns along.
      if request.acceptsAnyTime { return nil }
      return IngestFault(.invalidValue, "column \"\(target.names[field])\" is generated: leave it out")
    }
    if Self.isIngestKey(key, document, value) { return nil }
    guard target.properties != nil else {
      let name = String(decoding: key.prefix(Limits.identifierBytesMax), as: UTF8.self)
      return IngestFault(.unknownField, "table \"\(target.definition.name)\" has no column \"\(name)\"")
    }
    addMember(key, document, value)
    return nil
  }
}
