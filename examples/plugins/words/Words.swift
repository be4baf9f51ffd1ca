// An Apus plugin in Swift: a scalar function, an aggregate and a table function over texts.
//
//   slug(text) text                      'Grüße, Welt' becomes 'gruesse-welt'
//   longest(text) text                   the longest text, the smaller one by bytes among equals
//   words_of(text) (position, word)      the words of a text, a row each
//
// Build:  swift build --product words
// Use:    CREATE EXTENSION words;  SELECT slug('Grüße, Welt');

import ApusPluginKit
public import CApusABI

@_cdecl("apus_plugin_init")
public func initialisePlugin(
  _ abi: UInt32, _ host: UnsafePointer<ApusHost>?, _ out: UnsafeMutablePointer<ApusPlugin>?,
  _ error: UnsafeMutablePointer<ApusPluginError>?
) -> Int32 {
  let plugin = PluginDefinition(name: "words", version: "1.0.0", description: "words of texts, an example")
  plugin.scalar("slug", [.text], .text) { (arguments, row, out) throws(PluginError) in
    try out.append(text: slug(try arguments[0].text(row)))
  }
  plugin.aggregate("longest", [.text], .text, state: Longest.self)
  plugin.table(
    "words_of", [.text], [PluginColumn(name: "position", type: .int4), PluginColumn(name: "word", type: .text)]
  ) { (arguments) throws(PluginError) in
    var rest = arguments[0].isNull(0) ? [] : words(try arguments[0].text(0))[...]
    var position: Int32 = 0
    return GeneratedRows { (batch) throws(PluginError) in
      while let word = rest.popFirst(), batch.rowCount < 1000 {
        position &+= 1
        try batch.columns[0].append(position)
        try batch.columns[1].append(text: word)
        batch.rowCount += 1
      }
      return batch.rowCount > 0
    }
  }
  return plugin.export(abi: abi, host: host, into: out, error)
}

private func words(_ text: String) -> [String] {
  text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
}

private func slug(_ text: String) -> String {
  let letters: [Character: String] = ["ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"]
  return words(text.lowercased()).map { word in word.reduce(into: "") { $0 += letters[$1] ?? String($1) } }
    .joined(separator: "-")
}

private struct Longest: AggregateState {
  private var text: String?

  init() {}

  private mutating func take(_ other: String) {
    guard let own = text else { return text = other }
    let (a, b) = (own.utf8.count, other.utf8.count)
    if b > a || (a == b && other.utf8.lexicographicallyPrecedes(own.utf8)) { text = other }
  }

  mutating func add(_ arguments: [ArrowColumnReader], _ row: Int) throws(PluginError) {
    take(try arguments[0].text(row))
  }
  mutating func merge(_ other: Longest) throws(PluginError) { if let other = other.text { take(other) } }

  func finish(into out: ArrowColumnBuilder) throws(PluginError) {
    if let text { try out.append(text: text) } else { try out.appendNull() }
  }

  /// A version, whether there is a text, the text.
  func serialised() -> [UInt8] { [1, text == nil ? 0 : 1] + Array((text ?? "").utf8) }

  init(serialised bytes: UnsafeRawBufferPointer) throws(PluginError) {
    guard bytes.count >= 2, bytes[0] == 1, bytes[1] <= 1,
      let text = String(validating: bytes[2...], as: UTF8.self)
    else { throw PluginError("XX001", "a state of longest is damaged") }
    if bytes[1] == 1 { self.text = text }
  }
}
