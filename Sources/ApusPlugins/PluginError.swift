// PluginError owns the turning of a plugin's errors into ours, and back.

import ApusBase
import CApusABI

extension ApusPluginError {
  static func empty() -> ApusPluginError {
    var error = ApusPluginError()
    error.size = MemoryLayout<ApusPluginError>.size
    return error
  }

  private static func text<T>(_ field: T) -> String {
    withUnsafeBytes(of: field) { raw in
      String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// As an error of a statement that says whose it is.
  func asError(_ plugin: String) -> ApusError {
    let code = Self.text(sqlstate)
    let isCode = code.utf8.count == 5 && code.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) }
    let message = Self.text(self.message)
    var detail = Self.text(self.detail)
    if retry != 0 { detail += (detail.isEmpty ? "" : " ") + "Trying again may help." }
    let hint = Self.text(self.hint)
    return ApusError(
      isCode && code != "00000" ? SQLState(code) : .internalError,
      message.isEmpty ? "plugin \"\(plugin)\" failed without a message" : message,
      detail: detail.isEmpty ? nil : detail, hint: hint.isEmpty ? nil : hint, context: "plugin \"\(plugin)\"")
  }

  /// Fills an error of the ABI, as far as its maker's size goes.
  static func put(_ error: ApusError, into pointer: UnsafeMutablePointer<ApusPluginError>?) {
    guard let pointer, pointer.pointee.size >= MemoryLayout<ApusPluginError>.size else { return }
    func copy<T>(_ text: String, _ field: inout T) {
      withUnsafeMutableBytes(of: &field) { raw in
        let bytes = Array(text.utf8.prefix(raw.count - 1))
        raw.copyBytes(from: bytes)
        raw[bytes.count] = 0
      }
    }
    copy(error.state.code, &pointer.pointee.sqlstate)
    copy(error.message, &pointer.pointee.message)
    copy(error.detail ?? "", &pointer.pointee.detail)
    copy(error.hint ?? "", &pointer.pointee.hint)
  }

  /// Calls a function of a plugin and throws what it says.
  static func calling(
    _ plugin: String, _ body: (UnsafeMutablePointer<ApusPluginError>) -> Int32
  ) throws(ApusError) {
    var error = ApusPluginError.empty()
    let status = withUnsafeMutablePointer(to: &error) { body($0) }
    if status != 0 { throw error.asError(plugin) }
  }
}

/// The error of a stream: its last error, with a SQLSTATE in front where it has one.
func streamError(
  _ plugin: String, _ stream: UnsafeMutablePointer<ArrowArrayStream>, _ status: Int32
) -> ApusError {
  let said = stream.pointee.get_last_error.flatMap { text($0(stream)) } ?? ""
  let code = said.prefix(5)
  let hasCode =
    said.utf8.count > 6 && said.utf8.dropFirst(5).first == 58
    && code.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) }
  let message = hasCode ? said.dropFirst(6).drop { $0 == " " } : said[...]
  return ApusError(
    hasCode ? SQLState(String(code)) : .internalError,
    message.isEmpty ? "a stream of plugin \"\(plugin)\" failed with status \(status)" : String(message),
    context: "plugin \"\(plugin)\"")
}
