// Functions owns the finding of function bodies in blanked Swift text, by counting braces.

/// A function, initialiser, subscript or computed property with a body.
struct FunctionBody {
  let name: String
  /// Lines from the one with its keyword to the one with its closing brace.
  let firstLine: Int
  let lastLine: Int
  var lineCount: Int { lastLine - firstLine + 1 }
}

extension SwiftSource {
  /// Every body of a `func`, `init`, `deinit`, `subscript` or computed `var`, nested ones included.
  var functions: [FunctionBody] {
    var found: [FunctionBody] = []
    let words = words
    for (index, word) in words.enumerated() {
      let isProperty = word.text == "var"
      guard isProperty || ["func", "init", "deinit", "subscript"].contains(word.text), byteBefore(word.offset) != 46
      else { continue }
      guard let open = bodyStart(from: word.offset + word.text.utf8.count, isProperty: isProperty),
        let close = closingBrace(of: open)
      else { continue }
      let named = word.text == "func" || isProperty
      let name = named && index + 1 < words.count ? words[index + 1].text : word.text
      found.append(FunctionBody(name: name, firstLine: line(at: word.offset), lastLine: line(at: close)))
    }
    return found
  }

  /// The `{` of the body, or nil for a requirement of a protocol or a stored property.
  private func bodyStart(from start: Int, isProperty: Bool) -> Int? {
    var depth = 0
    var index = start
    while index < code.count {
      switch code[index] {
      case 40, 91: depth += 1
      case 41, 93: depth -= 1
      case 123 where depth == 0: return index
      case 125 where depth == 0, 59 where depth == 0: return nil
      case 61 where depth == 0 && isProperty && !isOperatorByte(index - 1) && !isOperatorByte(index + 1): return nil
      case 10 where depth == 0:
        if isProperty && !continuesOnNextLine(index) || startsDeclaration(index + 1) { return nil }
      default: break
      }
      if depth < 0 { return nil }
      index += 1
    }
    return nil
  }

  private func isOperatorByte(_ index: Int) -> Bool {
    index >= 0 && index < code.count && [33, 60, 61, 62, 38, 124, 43, 45, 42, 47].contains(code[index])
  }

  private func continuesOnNextLine(_ newline: Int) -> Bool {
    var index = newline + 1
    while index < code.count, code[index] == 32 || code[index] == 10 { index += 1 }
    return index < code.count && code[index] == 123
  }

  private func startsDeclaration(_ start: Int) -> Bool {
    var index = start
    while index < code.count, code[index] == 32 || code[index] == 10 { index += 1 }
    guard index < code.count else { return true }
    if code[index] == 64 || code[index] == 35 { return true }
    var end = index
    while end < code.count, isWordByte(code[end]) { end += 1 }
    let starts: Set<String> = [
      "func", "init", "deinit", "subscript", "var", "let", "case", "static", "public", "private", "fileprivate",
      "internal", "package", "mutating", "nonmutating", "struct", "class", "enum", "protocol", "extension", "typealias",
      "associatedtype", "actor", "final", "override", "indirect",
    ]
    return starts.contains(String(decoding: code[index..<end], as: UTF8.self))
  }

  private func closingBrace(of open: Int) -> Int? {
    var depth = 0
    for index in open..<code.count {
      if code[index] == 123 { depth += 1 }
      if code[index] == 125 {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }
}
