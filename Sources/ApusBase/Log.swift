// Log owns the server's log lines: to stderr, logfmt or JSON, levelled. Never event payloads, keys or parameters.

private import Glibc
private import Synchronization

public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug, info, warning, error
  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}

public enum LogFormat: String, Sendable { case logfmt, json }

/// The process-wide log. Lines are written whole, so that they never mix.
public enum Log {
  private struct State {
    var level = LogLevel.info
    var format = LogFormat.logfmt
  }
  private static let state = Mutex(State())

  public static func configure(level: LogLevel, format: LogFormat) {
    state.withLock { $0 = State(level: level, format: format) }
  }

  public static func debug(_ module: String, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
    write(.debug, module, message, fields)
  }
  public static func info(_ module: String, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
    write(.info, module, message, fields)
  }
  public static func warning(_ module: String, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
    write(.warning, module, message, fields)
  }
  public static func error(_ module: String, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
    write(.error, module, message, fields)
  }

  private static func write(
    _ level: LogLevel, _ module: String, _ message: String, _ fields: KeyValuePairs<String, String>
  ) {
    let (threshold, format) = state.withLock { ($0.level, $0.format) }
    guard level >= threshold else { return }
    let line = render(level, module, message, fields, format: format, time: SystemClock().now())
    var bytes = Array(line.utf8)
    bytes.append(10)
    bytes.withUnsafeBytes { raw in
      var written = 0
      while written < raw.count {
        let count = Glibc.write(2, raw.baseAddress! + written, raw.count - written)
        if count <= 0 { return }
        written += count
      }
    }
  }

  /// One line, without its end. Public for tests.
  public static func render(
    _ level: LogLevel, _ module: String, _ message: String, _ fields: KeyValuePairs<String, String>,
    format: LogFormat, time: UnixMicroseconds
  ) -> String {
    let stamp = timestamp(time)
    switch format {
    case .logfmt:
      var line = "time=\(stamp) level=\(level.name) module=\(module) message=\(logfmtValue(message))"
      for (key, value) in fields { line += " \(key)=\(logfmtValue(value))" }
      return line
    case .json:
      var line =
        "{\"time\":\"\(stamp)\",\"level\":\"\(level.name)\",\"module\":\(jsonText(module)),"
        + "\"message\":\(jsonText(message))"
      for (key, value) in fields { line += ",\(jsonText(key)):\(jsonText(value))" }
      return line + "}"
    }
  }

  private static func timestamp(_ time: UnixMicroseconds) -> String {
    var seconds = time_t(time / 1_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let micro = String(time % 1_000_000)
    let padded = String(repeating: "0", count: max(0, 6 - micro.count)) + micro
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):"
      + "\(two(parts.tm_min)):\(two(parts.tm_sec)).\(padded)Z"
  }

  private static func logfmtValue(_ text: String) -> String {
    let plain = !text.isEmpty && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 61 && $0 != 92 }
    return plain ? text : jsonText(text)
  }
}

/// `text` as a JSON string, quotes included (RFC 8259, section 7).
public func jsonText(_ text: String) -> String {
  var out: [UInt8] = [34]
  out.reserveCapacity(text.utf8.count + 2)
  for byte in text.utf8 {
    switch byte {
    case 34: out += [92, 34]
    case 92: out += [92, 92]
    case 10: out += [92, 110]
    case 13: out += [92, 114]
    case 9: out += [92, 116]
    case 8: out += [92, 98]
    case 12: out += [92, 102]
    case 0..<32:
      let hex = Array("0123456789abcdef".utf8)
      out += [92, 117, 48, 48, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
    default: out.append(byte)
    }
  }
  out.append(34)
  return String(decoding: out, as: UTF8.self)
}
