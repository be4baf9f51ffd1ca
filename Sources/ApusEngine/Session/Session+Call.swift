// CALL: procedures, which run on the session's own thread and may run statements themselves.

import ApusBase
import ApusColumns
import ApusPlan
import ApusSyntax

/// Something that CALL runs.
struct Procedure: Sendable {
  struct Parameter: Sendable {
    var name: String
    var type: DataType
    /// nil: it must be given.
    var standard: Value?
  }

  var schema = "apus"
  var name: String
  var parameters: [Parameter]
  /// The columns of its one row; none for a procedure that gives none.
  var fields: [Field] = []
  /// Gets one value for each parameter; gives one for each field.
  var run: @Sendable (Session, [Value]) throws(ApusError) -> [Value]
}

extension Session {
  /// All of them: one list per file.
  static let procedures: [Procedure] = configurationProcedures

  /// nil for what is no procedure: CALL takes functions that do something too.
  private func called(_ id: ExprID, _ body: StatementBody) -> (FunctionCall, Procedure)? {
    guard case .function(let call) = body.parsed.arena[id].kind else { return nil }
    let found = Self.procedures.first { procedure in
      procedure.name == call.name
        && (call.schema.map { $0 == procedure.schema } ?? searchPath.contains(procedure.schema))
    }
    return found.map { (call, $0) }
  }

  /// The columns that a CALL gives; nil for none.
  func callFields(_ id: ExprID, _ body: StatementBody) -> [Field]? {
    called(id, body).flatMap { $0.1.fields.isEmpty ? nil : $0.1.fields }
  }

  func execute(call id: ExprID, _ body: StatementBody, _ parameters: [Value]) throws(ApusError) -> Execution {
    guard let (call, procedure) = called(id, body) else { return try execute(call: id, body) }
    try requireNoBlock("CALL")
    try requireWritable("CALL")
    let values = try arguments(call, procedure, body, parameters)
    // What the statements before it wrote, in the same query string, is there for it.
    try commitWrites()
    let row = try procedure.run(self, values)
    if procedure.fields.isEmpty { return Execution(command: "CALL") }
    return Execution(rows: [row], fields: procedure.fields, verb: "CALL", countsRows: false)
  }

  private func arguments(
    _ call: FunctionCall, _ procedure: Procedure, _ body: StatementBody, _ parameters: [Value]
  ) throws(ApusError) -> [Value] {
    let shown = "\(procedure.schema).\(procedure.name)()"
    var given: [String: ExprID] = [:]
    for (index, argument) in call.arguments.enumerated() {
      guard let name = argument.name ?? (index < procedure.parameters.count ? procedure.parameters[index].name : nil)
      else { throw ApusError(.undefinedFunction, "\(shown) takes at most \(procedure.parameters.count) arguments") }
      guard procedure.parameters.contains(where: { $0.name == name }) else {
        throw ApusError(.undefinedFunction, "\(shown) has no parameter named \(name)", position: argument.position)
      }
      guard given.updateValue(argument.value, forKey: name) == nil else {
        throw ApusError(.syntaxError, "argument name \"\(name)\" used more than once", position: argument.position)
      }
    }
    var values: [Value] = []
    for parameter in procedure.parameters {
      guard let id = given[parameter.name] else {
        guard let standard = parameter.standard else {
          throw ApusError(.undefinedFunction, "\(shown) needs the argument \"\(parameter.name)\"")
        }
        values.append(standard)
        continue
      }
      if case .parameter(let number) = body.parsed.arena[id].kind {
        values.append(try value(number, parameters, parameter.type))
        continue
      }
      let expression = try Binder.bindExpression(
        body.parsed.arena.deparse(id), columns: [], as: TypeReference(parameter.type), name: parameter.name,
        catalog: catalog(currentSnapshot()))
      values.append(try evaluate(expression, count: 1).value(at: 0))
    }
    return values
  }

  /// Parameters of a CALL come as text, unless the client gave their types.
  private func value(_ number: Int, _ parameters: [Value], _ type: DataType) throws(ApusError) -> Value {
    guard number >= 1, number <= parameters.count else {
      throw ApusError(.undefinedParameter, "there is no parameter $\(number)")
    }
    guard case .text(let text) = parameters[number - 1], type != .text else { return parameters[number - 1] }
    return try TextFormat.input(text, type: TypeReference(type), settings: formatSettings)
  }
}

extension Session {
  /// apus.plan, apus.apply and apus.configuration: what `apus plan`, `apply` and `config dump` run on a server.
  static let configurationProcedures: [Procedure] = [
    Procedure(
      name: "plan", parameters: [Procedure.Parameter(name: "configuration", type: .text)],
      fields: [Field("plan", .json)],
      run: { (session, values) throws(ApusError) -> [Value] in
        [.text(try session.database.plan(try Database.configuration(of: values[0].asText)).json)]
      }),
    Procedure(
      name: "apply",
      parameters: [
        Procedure.Parameter(name: "configuration", type: .text),
        Procedure.Parameter(name: "allow_drop", type: .bool, standard: .bool(false)),
      ],
      fields: [Field("plan", .json)],
      run: { (session, values) throws(ApusError) -> [Value] in
        let configuration = try Database.configuration(of: values[0].asText)
        return [.text(try session.database.apply(configuration, values[1].asBool ? .everything : .keepingData).json)]
      }),
    Procedure(
      name: "configuration", parameters: [], fields: [Field("configuration", .text)],
      run: { (session, _) throws(ApusError) -> [Value] in [.text(try session.database.configurationText())] }),
  ]
}
