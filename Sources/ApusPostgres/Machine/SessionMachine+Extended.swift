// The extended query protocol: prepared statements and portals.

import ApusBase
import ApusColumns
import ApusEngine
import ApusPlan

/// A statement with its parameters, ready to run or partly run.
final class Portal {
  let statement: PreparedStatement
  let parameters: [Value]
  let formats: [WireFormat]
  /// Set once it runs.
  var stream: RowStream?
  var start: UInt64 = 0
  var hasStarted = false
  var isFinished = false
  /// Whether an Execute before the present one stopped at its row limit.
  var wasSuspended = false

  init(statement: PreparedStatement, parameters: [Value], formats: [WireFormat]) {
    self.statement = statement
    self.parameters = parameters
    self.formats = formats
  }
}

extension SessionMachine {
  func parse(_ name: String, _ sql: String, _ types: [OID]) throws(ApusError) {
    if name.isEmpty { session.forgetPrepared("") }
    let statements = try session.parse(sql)
    guard statements.count <= 1 else {
      throw ApusError(.syntaxError, "cannot insert multiple commands into a prepared statement")
    }
    var parameterTypes: [DataType?] = []
    for oid in types {
      // 0 and unknown leave the type to us.
      if oid == 0 || oid == DataType.unknown.oid {
        parameterTypes.append(nil)
        continue
      }
      guard let type = DataType(oid: oid) else {
        throw ApusError(.undefinedObject, "type with OID \(oid) does not exist")
      }
      parameterTypes.append(type)
    }
    if let parsed = statements.first {
      try session.store(try session.prepare(parsed, parameterTypes: parameterTypes), as: name)
      emptyStatements.remove(name)
    } else {
      emptyStatements.insert(name)
    }
    output.parseComplete()
  }

  func bind(_ bind: BindMessage) throws(ApusError) {
    if !bind.portal.isEmpty, portals[bind.portal] != nil || session.fields(ofCursor: bind.portal) != nil {
      throw ApusError(.duplicateCursor, "cursor \"\(bind.portal)\" already exists")
    }
    guard !emptyStatements.contains(bind.statement) else {
      emptyPortals.insert(bind.portal)
      portals[bind.portal] = nil
      return output.bindComplete()
    }
    let statement = try session.prepared(named: bind.statement)
    let types = statement.parameterTypes
    let codes = bind.parameterFormats
    guard codes.count <= 1 || codes.count == bind.parameters.count else {
      throw ApusError(
        .protocolViolation,
        "bind message has \(codes.count) parameter formats but \(bind.parameters.count) parameters")
    }
    guard bind.parameters.count == types.count else {
      throw ApusError(
        .protocolViolation,
        "bind message supplies \(bind.parameters.count) parameters, but prepared statement \"\(bind.statement)\" "
          + "requires \(types.count)")
    }
    try session.requireUsable(statement)
    let inputFormats = try formats(codes, count: types.count)
    var values: [Value] = []
    values.reserveCapacity(types.count)
    let settings = types.isEmpty ? FormatSettings.utc : session.formatSettings
    for (index, type) in types.enumerated() {
      values.append(try parameter(bind.parameters[index], type, inputFormats[index], index + 1, settings))
    }
    let columns = statement.fields?.count ?? 0
    guard bind.resultFormats.count <= 1 || statement.fields == nil || bind.resultFormats.count == columns else {
      throw ApusError(
        .protocolViolation,
        "bind message has \(bind.resultFormats.count) result formats but query has \(columns) columns")
    }
    let formats = try formats(bind.resultFormats, count: columns)
    emptyPortals.remove(bind.portal)
    portals[bind.portal] = Portal(statement: statement, parameters: values, formats: formats)
    output.bindComplete()
  }

  private func formats(_ codes: [Int16], count: Int) throws(ApusError) -> [WireFormat] {
    var formats: [WireFormat] = []
    formats.reserveCapacity(count)
    for index in 0..<max(count, codes.count) {
      let code = codes.isEmpty ? 0 : codes.count == 1 ? codes[0] : codes[index]
      guard let format = WireFormat(rawValue: code) else {
        throw ApusError(.invalidParameterValue, "unsupported format code: \(code)")
      }
      formats.append(format)
    }
    return Array(formats.prefix(count))
  }

  private func parameter(
    _ bytes: [UInt8]?, _ type: DataType, _ format: WireFormat, _ number: Int, _ settings: FormatSettings
  ) throws(ApusError) -> Value {
    guard let bytes else { return .null }
    switch format {
    case .text:
      guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
        throw invalidUTF8(bytes[...])
      }
      return try TextFormat.input(text, type: TypeReference(type), settings: settings)
    case .binary:
      do throws(ApusError) {
        return try BinaryFormat.input(bytes, type: TypeReference(type))
      } catch {
        guard error.state == .invalidBinaryRepresentation, error.message == "incorrect binary data format" else {
          throw error
        }
        throw ApusError(error.state, "incorrect binary data format in bind parameter \(number)")
      }
    }
  }

  func describe(_ target: FrontendMessage.Target, _ name: String) throws(ApusError) {
    switch target {
    case .statement:
      if emptyStatements.contains(name) {
        output.parameterDescription([])
        return output.noData()
      }
      let statement = try session.prepared(named: name)
      output.parameterDescription(statement.parameterTypes)
      describe(statement.fields, formats: nil)
    case .portal:
      if emptyPortals.contains(name) { return output.noData() }
      if let portal = portals[name] { return describe(portal.statement.fields, formats: portal.formats) }
      guard let fields = session.fields(ofCursor: name) else { throw Self.noPortal(name) }
      describe(fields, formats: nil)
    }
  }

  private func describe(_ fields: [Field]?, formats: [WireFormat]?) {
    guard let fields else { return output.noData() }
    output.rowDescription(fields, formats: formats ?? Array(repeating: .text, count: fields.count))
  }

  private static func noPortal(_ name: String) -> ApusError {
    ApusError(.invalidCursorName, "portal \"\(name)\" does not exist")
  }

  func close(_ target: FrontendMessage.Target, _ name: String) {
    switch target {
    case .statement:
      session.forgetPrepared(name)
      emptyStatements.remove(name)
    case .portal:
      portals[name] = nil
      emptyPortals.remove(name)
    }
    output.closeComplete()
  }

  // MARK: - Execute

  func beginExecute(_ name: String, _ rowsMax: Int) throws(ApusError) {
    if emptyPortals.contains(name) { return output.emptyQueryResponse() }
    guard let portal = portals[name] else { throw Self.noPortal(name) }
    if portal.hasStarted, portal.stream == nil {
      throw ApusError(.objectNotInPrerequisiteState, "portal \"\(name)\" cannot be run")
    }
    if !portal.hasStarted {
      portal.hasStarted = true
      portal.start = monotonicNanoseconds()
      let wasIdle = session.transactionStatus == .idle
      let execution = try session.execute(portal.statement, parameters: portal.parameters)
      // The end of a block is the end of its portals.
      if !wasIdle, session.transactionStatus == .idle { dropPortals() }
      if let input = execution.copyInput {
        let completion = Completion(text: portal.statement.text, start: portal.start) { execution.tag }
        return beginCopy(CopyIn(input, completion, query: nil))
      }
      guard execution.returnsRows else {
        deferred = Completion(text: portal.statement.text, start: portal.start) { execution.tag }
        return
      }
      var formats = portal.formats
      if formats.count < execution.fields.count {
        formats += Array(repeating: .text, count: execution.fields.count - formats.count)
      }
      let stream = RowStream(execution, formats: formats, settings: session.formatSettings)
      if execution.copyOutput != nil { stream.startCopy(into: &output) }
      portal.stream = stream
    }
    work = .portal(PortalRun(portal, rowsMax: rowsMax))
  }

  /// Goes on with a portal. True when the output is full.
  func advance(_ run: PortalRun) throws(ApusError) -> Bool {
    let portal = run.portal
    guard let stream = portal.stream else {
      work = .none
      return false
    }
    let isCopy = stream.execution.copyOutput != nil
    let outcome = portal.isFinished ? .end : try stream.pump(isCopy ? 0 : run.rowsMax, &run.written, into: &output)
    switch outcome {
    case .full: return true
    case .limit:
      portal.wasSuspended = true
      sendNotices()
      output.portalSuspended()
    case .end:
      stream.endCopy(into: &output)
      let tag = Self.tag(of: stream.execution, portal, rows: run.written)
      portal.isFinished = true
      portal.wasSuspended = true
      complete(Completion(text: portal.statement.text, start: portal.start) { tag })
    }
    work = .none
    return false
  }

  /// A portal that runs in parts counts the rows of its last part, as PostgreSQL does.
  private static func tag(of execution: Execution, _ portal: Portal, rows: Int) -> String {
    let tag = execution.tag
    guard portal.wasSuspended, let space = tag.lastIndex(of: " "), Int(tag[tag.index(after: space)...]) != nil else {
      return tag
    }
    return "\(tag[...space])\(rows)"
  }
}
