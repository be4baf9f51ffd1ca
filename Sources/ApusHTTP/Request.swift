// Request owns what is known of a request before its body: method, path, parameters and the headers that count.

import ApusBase
import CMicroHTTPD

/// The head of one request.
struct Request: Sendable {
  enum Method: String, Sendable { case get = "GET", head = "HEAD", post = "POST", options = "OPTIONS" }

  /// nil for a method that nothing here answers.
  var method: Method?
  /// Without the query string, percent signs resolved.
  var path: String
  /// The query string's parameters; a name without `=` has the value "".
  var parameters: [(name: String, value: String)] = []
  /// In lower case; the first of several.
  private var headers: [String: String] = [:]
  var headerBytes = 0
  /// The numeric address of the client.
  var client = ""

  init(method: String, path: String) {
    self.method = Method(rawValue: method)
    self.path = path
  }

  init(_ connection: OpaquePointer, method: String, path: String) {
    self.init(method: method, path: path)
    withUnsafeMutablePointer(to: &self) { pointer in
      _ = MHD_get_connection_values(connection, apus_http_header_kind, collectHeader, pointer)
      _ = MHD_get_connection_values(connection, apus_http_argument_kind, collectParameter, pointer)
    }
    headerBytes = apus_http_header_bytes(connection)
    var text = [CChar](repeating: 0, count: 64)
    apus_http_client(connection, &text, text.count)
    client = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The value of a header, whose name is given in lower case.
  func header(_ name: String) -> String? { headers[name] }

  mutating func add(header name: String, _ value: String) {
    let key = name.lowercased()
    if headers[key] == nil { headers[key] = value }
  }

  /// The media type of Content-Type in lower case, its parameters left out; nil without the header.
  var mediaType: String? {
    headers["content-type"].map { value in
      let type = value.prefix { $0 != ";" }
      return type.trimmingWhitespace().lowercased()
    }
  }

  /// Content-Length as stated; nil without it, or when it is no number.
  var statedLength: Int? { headers["content-length"].flatMap { Int($0) } }

  var expectsContinue: Bool { headers["expect"]?.lowercased() == "100-continue" }

  // MARK: - Parameters

  func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// `?name`, `?name=true` and `?name=1` are on. Throws 22023 for other values.
  func flag(_ name: String) throws(ApusError) -> Bool {
    switch parameter(name)?.lowercased() {
    case nil, "false", "0", "off": return false
    case "", "true", "1", "on": return true
    case .some(let value):
      throw ApusError(.invalidParameterValue, "invalid value for parameter \"\(name)\": \"\(value)\"")
    }
  }

  /// Refuses parameters that nobody reads, so that a misspelt one is not ignored.
  func requireParameters(among known: [String]) throws(ApusError) {
    for (name, _) in parameters where !known.contains(name) {
      throw ApusError(
        .invalidParameterValue, "unrecognized parameter \"\(name)\"",
        hint: "Known are: \(known.joined(separator: ", ")).")
    }
  }
}

/// Called by libmicrohttpd for each header.
private let collectHeader: MHD_KeyValueIterator = { context, _, key, value in
  guard let request = context?.assumingMemoryBound(to: Request.self), let key else { return apus_http_yes }
  request.pointee.add(header: String(cString: key), value.map { String(cString: $0) } ?? "")
  return apus_http_yes
}

/// And for each parameter.
private let collectParameter: MHD_KeyValueIterator = { context, _, key, value in
  guard let request = context?.assumingMemoryBound(to: Request.self), let key else { return apus_http_yes }
  request.pointee.parameters.append((String(cString: key), value.map { String(cString: $0) } ?? ""))
  return apus_http_yes
}

extension StringProtocol {
  /// Without spaces and tabs at both ends.
  func trimmingWhitespace() -> String {
    var part = Substring(self)
    while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
    while let last = part.last, last == " " || last == "\t" { part.removeLast() }
    return String(part)
  }
}
