// QueryRequest owns the body of a query request: the statement, its parameters, and the form of the answer.

import ApusBase
import ApusColumns

/// The form of a query's answer.
enum ResultFormat: String, Sendable, CaseIterable {
  case json, ndjson, csv

  var contentType: String {
    switch self {
    case .json: "application/json; charset=utf-8"
    case .ndjson: "application/x-ndjson; charset=utf-8"
    case .csv: "text/csv; charset=utf-8; header=present"
    }
  }

  init(named name: String) throws(ApusError) {
    guard let format = ResultFormat(rawValue: name.lowercased()) else {
      throw ApusError(
        .invalidParameterValue, "unknown result format \"\(name)\"", hint: "Formats are json, ndjson and csv.")
    }
    self = format
  }

  /// The first media type of an Accept header that is one of ours.
  init?(accept header: String?) {
    for part in (header ?? "").split(separator: ",") {
      switch part.prefix(while: { $0 != ";" }).trimmingWhitespace().lowercased() {
      case "application/json": self = .json
      case "application/x-ndjson", "application/ndjson", "application/jsonl": self = .ndjson
      case "text/csv": self = .csv
      default: continue
      }
      return
    }
    return nil
  }
}

/// A parameter as its JSON gave it: its type is known only once the statement is bound.
indirect enum QueryParameter: Sendable {
  case null
  /// A string's content, a number's digits, `true` or `false`; `json` is the same as JSON.
  case scalar(String, json: [UInt8])
  case array([QueryParameter], json: [UInt8])
  case object(json: [UInt8])

  private var json: [UInt8] {
    switch self {
    case .null: Array("null".utf8)
    case .scalar(_, let json), .array(_, let json), .object(let json): json
    }
  }

  /// The value as a type: jsonb parameters are the JSON itself, arrays take JSON arrays, the rest is read as text.
  func value(_ type: DataType, _ number: Int, settings: FormatSettings) throws(ApusError) -> Value {
    if case .null = self { return .null }
    if type == .jsonb || type == .json { return .text(String(decoding: json, as: UTF8.self)) }
    switch self {
    case .null: return .null
    case .scalar(let text, _): return try TextFormat.input(text, type: TypeReference(type), settings: settings)
    case .array(let items, _):
      guard case .array(let element) = type else { break }
      var values: [Value] = []
      for item in items { values.append(try item.value(element, number, settings: settings)) }
      return .array(values)
    case .object: break
    }
    throw ApusError(
      .invalidTextRepresentation, "parameter $\(number) is a JSON array or object, which is no \(type.sqlName)",
      hint: "Cast the parameter, as in $\(number)::jsonb.")
  }
}

struct QueryRequest: Sendable {
  var sql = ""
  var parameters: [QueryParameter] = []
  var format: ResultFormat?

  private static let known = "Known are \"sql\" (or \"query\"), \"params\" and \"format\"."

  /// Reads `{"sql": ..., "params": [...], "format": ...}`. Throws 22P02 and 22023.
  init(body: [UInt8]) throws(ApusError) {
    var result: Result<QueryRequest, ApusError>?
    body.withUnsafeBytes { raw in
      do throws(ApusError) {
        let request = try JSONB.withParser { (parser) throws(ApusError) in
          let document = parser.parse(raw)
          if let error = document.error { throw error.apusError(raw) }
          return try QueryRequest(document)
        }
        result = .success(request)
      } catch {
        result = .failure(error)
      }
    }
    guard let result else { throw .unexpected("a request was not read") }
    self = try result.get()
  }

  private init(_ document: JSONDocument) throws(ApusError) {
    guard document.count > 0, document[0].kind == .object else {
      throw ApusError(.invalidParameterValue, "the body is no JSON object", hint: Self.known)
    }
    var hasSQL = false
    var index = 1
    let end = document[0].end
    while index + 1 < end {
      let name = document.string(index)
      let value = index + 1
      switch name {
      case "sql", "query":
        guard document[value].kind == .string else {
          throw ApusError(.invalidParameterValue, "\"\(name)\" is no string", hint: Self.known)
        }
        sql = document.string(value)
        hasSQL = true
      case "params":
        guard document[value].kind == .array else {
          throw ApusError(.invalidParameterValue, "\"params\" is no array", hint: Self.known)
        }
        parameters = try Self.items(document, value)
      case "format":
        guard document[value].kind == .string else {
          throw ApusError(.invalidParameterValue, "\"format\" is no string", hint: Self.known)
        }
        format = try ResultFormat(named: document.string(value))
      default: throw ApusError(.invalidParameterValue, "unrecognized field \"\(name)\"", hint: Self.known)
      }
      index = document[value].end
    }
    guard hasSQL else { throw ApusError(.invalidParameterValue, "there is no \"sql\"", hint: Self.known) }
  }

  private static func items(_ document: JSONDocument, _ array: Int) throws(ApusError) -> [QueryParameter] {
    var items: [QueryParameter] = []
    var index = array + 1
    while index < document[array].end {
      items.append(try parameter(document, index))
      index = document[index].end
    }
    return items
  }

  private static func parameter(_ document: JSONDocument, _ index: Int) throws(ApusError) -> QueryParameter {
    switch document[index].kind {
    case .null: return .null
    case .object: return .object(json: try JSONB.text(document, index))
    case .array: return .array(try items(document, index), json: try JSONB.text(document, index))
    default:
      let text = try JSONB.plainText(document, index) ?? []
      return .scalar(String(decoding: text, as: UTF8.self), json: try JSONB.text(document, index))
    }
  }
}
