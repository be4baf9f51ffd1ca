// The callbacks of libmicrohttpd: they run on its threads. (In main.swift they would be bound to the main actor.)

import ApusBase
import ApusEngine
import CMicroHTTPD

/// Called with the head of a request, with each piece of its body, and once it is whole until there is an answer.
let handleRequest: MHD_AccessHandlerCallback = { context, connection, url, method, _, upload, uploadSize, slot in
  guard let context, let connection, let url, let method, let uploadSize, let slot else { return apus_http_no }
  let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
  guard let known = slot.pointee else {
    let request = Request(connection, method: String(cString: method), path: String(cString: url))
    let exchange = Exchange(connection: connection, request: request, server: server)
    slot.pointee = Unmanaged.passRetained(exchange).toOpaque()
    server.requestBegan()
    return server.begin(exchange)
  }
  let exchange = Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue()
  if uploadSize.pointee > 0 {
    let chunk = UnsafeRawBufferPointer(start: upload, count: uploadSize.pointee)
    uploadSize.pointee = 0
    return exchange.receive(chunk) ? apus_http_yes : apus_http_no
  }
  if let response = exchange.takeResponse() { return exchange.send(response) }
  if let refusal = exchange.refusal { return exchange.send(refusal) }
  return server.dispatch(exchange)
}

/// Called when a request has been answered or given up.
let requestCompleted: MHD_RequestCompletedCallback = { context, _, slot, _ in
  guard let context, let slot, let known = slot.pointee else { return }
  slot.pointee = nil
  let exchange = Unmanaged<Exchange>.fromOpaque(known).takeRetainedValue()
  exchange.completed()
  Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().requestEnded()
}

/// Called with what libmicrohttpd has to say: mostly of clients that went away.
let writeLog: ApusHTTPLog = { _, line in
  guard let line else { return }
  Log.debug("http", String(cString: line))
}

extension HTTPServer {
  /// The head of a request is here: what can be refused now is.
  func begin(_ exchange: Exchange) -> MHD_Result {
    let length = exchange.request.statedLength ?? 0
    if let reply = refusal(exchange, length: length) {
      exchange.refuse(reply)
      // A client that asked first need not send; a large body is not worth reading to its end.
      let isLarge = length > Self.drainedBytesMax
      return isLarge || (exchange.request.expectsContinue && length > 0) ? exchange.send(reply) : apus_http_yes
    }
    exchange.reserve(length)
    return apus_http_yes
  }

  private func refusal(_ exchange: Exchange, length: Int) -> Reply? {
    let request = exchange.request
    if request.headerBytes > Limits.httpHeaderBytesMax {
      return .error(
        ApusError(.programLimitExceeded, "the headers are larger than \(Limits.httpHeaderBytesMax) bytes"),
        status: 431)
    }
    guard let route = exchange.route else {
      return .error(ApusError(.undefinedObject, "nothing is at \"\(request.path)\""), status: 404)
    }
    let isGuarded = database().0?.hasPassword ?? false
    if let error = rules.refusal(request, route, isGuarded: isGuarded) { return .error(error, status: 403) }
    guard let method = request.method, route.methods.contains(method) else {
      let allowed = route.methods.map(\.rawValue).joined(separator: ", ")
      let error = ApusError(.featureNotSupported, "\"\(request.path)\" takes \(allowed)")
      return Reply.error(error, status: 405).with("Allow", allowed)
    }
    if length > bodyBytesMax(of: route) {
      return Exchange.tooLarge("the body is larger than \(bodyBytesMax(of: route)) bytes")
    }
    if let reply = readerRefusal(request, route) { return reply }
    guard method == .post else { return nil }
    switch route {
    case .ingest: return ingestRefusal(request)
    case .query: return queryRefusal(request)
    default: return nil
    }
  }

  /// The request is whole: answers it, or suspends it until somebody has.
  func dispatch(_ exchange: Exchange) -> MHD_Result {
    switch exchange.route {
    case .ingest(let path):
      if exchange.request.method == .options {
        return exchange.send(rules.preflight(exchange.request, [.post, .options]))
      }
      return ingest(exchange, path)
    case .posthog(let document):
      if exchange.request.method == .options {
        return exchange.send(rules.preflight(exchange.request, [.get, .post, .options]))
      }
      return exchange.send(rules.withOrigin(document.reply, exchange.request))
    case .query: return query(exchange)
    case .live: return exchange.send(.text(200, "ok\n"))
    case .ready: return exchange.send(readiness())
    case .metrics: return exchange.send(exposition())
    case .asset(let asset): return exchange.send(WebPages.reply(asset, exchange.request))
    case .chart: return exchange.send(WebPages.chart())
    case nil: return exchange.send(.error(.unexpected("a request without a route"), status: 500))
    }
  }
}
