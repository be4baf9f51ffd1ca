// How an event's values become a row: each is read as its column's type, times are put right, and only then is anything
// appended, so that an event is stored whole or not at all.

import ApusBase
import ApusColumns
import ApusStore

extension EventDecoder {
  @inline(__always)
  mutating func clearCells() {
    for column in 0..<target.columns.count { cells[column].state = .absent }
    if !scratch.isEmpty { scratch.removeAll(keepingCapacity: true) }
    memberCount = 0
  }

  /// Reads the value at `index` for a column.
  @inline(__always)
  mutating func accept(_ column: Int, _ document: JSONDocument, _ index: Int) -> IngestFault? {
    let token = document[index]
    let kind = sinks[column].kind
    if token.kind == .string {
      if kind == .text {
        cells[column] = Cell(state: .token, token: Int32(truncatingIfNeeded: index), number: 0)
        return nil
      }
      if kind == .time { return acceptTime(column, document.text(token)) }
    }
    return acceptOther(column, kind, document, index)
  }

  private mutating func acceptOther(
    _ column: Int, _ kind: ColumnSink.Kind, _ document: JSONDocument, _ index: Int
  ) -> IngestFault? {
    let token = document[index]
    if token.kind == .null {
      cells[column].state = .null
      return nil
    }
    switch (kind, token.kind) {
    case (.jsonb, _): cells[column] = Cell(state: .token, token: Int32(truncatingIfNeeded: index), number: 0)
    case (.bool, .true): cells[column] = Cell(state: .fixed, token: 0, number: 1)
    case (.bool, .false): cells[column] = Cell(state: .fixed, token: 0, number: 0)
    case (.integer, .integer) where sinks[column].type.type == .int8:
      cells[column] = Cell(state: .fixed, token: 0, number: token.number)
    case (.time, _):
      return IngestFault(.invalidValue, "\"\(target.columns[column].name)\" must be a time as text")
    default: return acceptText(column, kind, document, index)
    }
    return nil
  }

  @inline(__always)
  private mutating func acceptTime(_ column: Int, _ text: UnsafeRawBufferPointer) -> IngestFault? {
    do throws(ApusError) {
      let time = try DateTimeInput.timestamptz(text, settings)
      if !TimestampRange.isFinite(time), column == target.time || column == target.sentAt {
        return IngestFault(.invalidValue, "\"\(target.columns[column].name)\" is infinite")
      }
      cells[column] = Cell(state: .fixed, token: 0, number: time)
      return nil
    } catch {
      return IngestFault(.invalidValue, "column \"\(target.columns[column].name)\": \(error.message)")
    }
  }

  /// Reads a value through its text, as `->>` gives it, and the column's input function.
  private mutating func acceptText(
    _ column: Int, _ kind: ColumnSink.Kind, _ document: JSONDocument, _ index: Int
  ) -> IngestFault? {
    let token = document[index]
    let type = sinks[column].type
    do throws(ApusError) {
      let text: [UInt8]
      switch token.kind {
      case .object, .array:
        guard type.type == .json else {
          let name = target.columns[column].name
          return IngestFault(.invalidValue, "column \"\(name)\" is \(type.type.sqlName), not an object or an array")
        }
        text = Array(document.text(token))
      case .string where type.type == .json: text = JSONB.string(document.text(token))
      default: text = try JSONB.plainText(document, index) ?? []
      }
      if token.kind == .number, text.count > Self.writtenNumberBytesMax {
        return IngestFault(.invalidValue, "column \"\(target.columns[column].name)\": a number of \(text.count) digits")
      }
      if kind == .text {
        let length = Int32(truncatingIfNeeded: text.count)
        cells[column] = Cell(state: .scratch, token: length, number: Int64(scratch.count))
        scratch += text
        return nil
      }
      let value = try TextFormat.input(String(decoding: text, as: UTF8.self), type: type, settings: settings)
      switch (kind, value) {
      case (.general, _):
        values[column] = value
        cells[column].state = .value
      case (_, .int(let number)): cells[column] = Cell(state: .fixed, token: 0, number: number)
      case (_, .bool(let flag)): cells[column] = Cell(state: .fixed, token: 0, number: flag ? 1 : 0)
      default: return IngestFault(.invalidValue, "column \"\(target.columns[column].name)\" cannot be read")
      }
      return nil
    } catch {
      return IngestFault(.invalidValue, "column \"\(target.columns[column].name)\": \(error.message)")
    }
  }

  /// The cell of a column as a fixed-width value.
  @inline(__always)
  func fixed(_ column: Int?) -> Int64? {
    guard let column, cells[column].state == .fixed else { return nil }
    return cells[column].number
  }

  /// Checks and completes the current event and appends it. `properties` is the token of its properties, or nil;
  /// `clientTime` that of its time.
  mutating func finishRow(
    _ document: JSONDocument, properties: Int?, clientTime: Int?, line: Int
  ) -> IngestFault? {
    if let fault = completeTimes(document, clientTime) { return fault }
    if let event = target.event, cells[event].state != .token || document[Int(cells[event].token)].byteCount == 0,
      cells[event].state != .scratch, target.columns[event].isNotNull
    {
      return IngestFault(.missingEvent, "the event has no name: \"event\" is required")
    }
    if let key = target.dedupeKey, cells[key].state == .token, document[Int(cells[key].token)].byteCount == 0 {
      // An empty key would make duplicates of all events that have it.
      cells[key].state = .null
    }
    if let fault = checkRequired() { return fault }
    if let fault = appendJSON(document, properties) { return fault }
    for column in 0..<target.columns.count where sinks[column].kind != .jsonb { appendCell(column, document) }
    rowCount &+= 1
    if request.isVerbose { noteAccepted(line &+ (request.firstLine &- 1), eventID(document)) }
    return nil
  }

  /// The times that the receipt decides, and the client's clock out of the event's own.
  @inline(__always)
  private mutating func completeTimes(_ document: JSONDocument, _ clientTime: Int?) -> IngestFault? {
    var bringsReceipt = false
    if let column = target.receivedAt {
      bringsReceipt = cells[column].state == .fixed
      if !bringsReceipt { cells[column] = Cell(state: .fixed, token: 0, number: received) }
    }
    guard let column = target.time else {
      guard let column = target.localTime, cells[column].state == .value, case .int(let time) = values[column] else {
        return nil
      }
      return boundsFault(time)
    }
    guard cells[column].state == .fixed else {
      cells[column] = Cell(state: .fixed, token: 0, number: received)
      return nil
    }
    if target.correctsTime, !bringsReceipt, !request.acceptsAnyTime, let sent = fixed(target.sentAt) {
      let (lag, overflow) = sent.subtractingReportingOverflow(cells[column].number)
      let (time, past) = received.subtractingReportingOverflow(lag)
      if overflow || past || !TimestampRange.contains(time) {
        return IngestFault(.invalidValue, "\"time\" and \"sent_at\" lie too far apart")
      }
      cells[column].number = time
      if let clientTime { addMember("$client_time", document, clientTime) }
    }
    return boundsFault(cells[column].number)
  }

  @inline(__always)
  private func boundsFault(_ time: PostgresMicroseconds) -> IngestFault? {
    guard let bounds, let fault = bounds.fault(of: time) else { return nil }
    return fault == .tooOld
      ? IngestFault(.tooOld, "the event is older than the table keeps")
      : IngestFault(.tooNew, "the event lies further in the future than the table takes")
  }

  @inline(__always)
  private func checkRequired() -> IngestFault? {
    for column in target.required where cells[column].state == .absent || cells[column].state == .null {
      return IngestFault(.missingValue, "null value in column \"\(target.columns[column].name)\"")
    }
    return nil
  }

  /// Appends the jsonb columns, all or none.
  private mutating func appendJSON(_ document: JSONDocument, _ properties: Int?) -> IngestFault? {
    var appended = 0
    for column in 0..<target.columns.count where sinks[column].kind == .jsonb {
      do throws(ApusError) {
        if column == target.properties, memberCount > 0 {
          if let properties { addMembers(document, of: properties) }
          try sinks[column].shreddedForAppend()?.append(
            members: UnsafeBufferPointer(start: members, count: memberCount))
          sinks[column].didAppend()
        } else if cells[column].state == .token {
          try sinks[column].shreddedForAppend()?.append(document, Int(cells[column].token))
          sinks[column].didAppend()
        } else {
          appendMissing(column)
        }
        appended &+= 1
      } catch {
        for earlier in 0..<column where sinks[earlier].kind == .jsonb { sinks[earlier].removeLastShredded() }
        return IngestFault(.invalidValue, "column \"\(target.columns[column].name)\": \(error.message)")
      }
    }
    return nil
  }

  /// The members of the object at `object`, before those that were added: of equal keys the later ones win.
  private mutating func addMembers(_ document: JSONDocument, of object: Int) {
    let end = document[object].end
    var at = object &+ 1
    while at < end {
      addMember(document.text(document[at]), document, at &+ 1)
      at = document[at &+ 1].end
    }
  }

  @inline(__always)
  private mutating func appendCell(_ column: Int, _ document: JSONDocument) {
    let cell = cells[column]
    switch cell.state {
    case .token: sinks[column].append(document.text(document[Int(cell.token)]))
    case .fixed: sinks[column].append(cell.number)
    case .scratch:
      scratch.withUnsafeBytes { raw in
        let start = Int(cell.number)
        sinks[column].append(UnsafeRawBufferPointer(rebasing: raw[start..<start + Int(cell.token)]))
      }
    case .value: sinks[column].append(values[column])
    case .null: sinks[column].appendNull()
    case .absent: appendMissing(column)
    }
  }

  /// Appends what stands where an event leaves a column out.
  private mutating func appendMissing(_ column: Int) {
    guard cells[column].state == .absent else { return sinks[column].appendNull() }
    switch target.columns[column].default {
    case .null: sinks[column].appendNull()
    case .received: sinks[column].append(received)
    case .value(let value): appendDefault(column, value)
    case .expression:
      if let place = target.computed.firstIndex(of: column) {
        absentRows[place].append(UInt32(truncatingIfNeeded: rowCount))
      }
      sinks[column].appendNull()
    }
  }

  private mutating func appendDefault(_ column: Int, _ value: Value) {
    switch (sinks[column].kind, value) {
    case (.text, .text(let text)):
      var copy = text
      copy.withUTF8 { sinks[column].append(UnsafeRawBufferPointer($0)) }
    case (.time, .int(let number)), (.integer, .int(let number)): sinks[column].append(number)
    case (.bool, .bool(let flag)): sinks[column].append(flag ? 1 : 0)
    case (.general, _): sinks[column].append(value)
    case (.jsonb, .text(let text)):
      let bytes = Array(text.utf8)
      let builder = sinks[column].shreddedForAppend()
      bytes.withUnsafeBytes { raw in
        // The default was cast to jsonb when it was bound.
        do throws(ApusError) {
          try JSONB.parsing(raw) { (document) throws(ApusError) in try builder?.append(document) }
        } catch { builder?.appendNull() }
      }
      sinks[column].didAppend()
    default: sinks[column].appendNull()
    }
  }
}
