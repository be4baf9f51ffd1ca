// JSONTree owns jsonb values that functions take apart and put together.

import ApusBase
import ApusColumns

/// A jsonb value; leaves are jsonb text. Depth is bounded by the parser.
indirect enum JSONTree {
  case scalar([UInt8])
  case array([JSONTree])
  /// Keys in jsonb's order are the writer's care: it sorts and keeps the last of equal ones.
  case object([(key: String, value: JSONTree)])

  static func parse(_ raw: UnsafeRawBufferPointer) throws(ApusError) -> JSONTree {
    try JSONB.parsing(raw) { (document) throws(ApusError) in try make(document, 0) }
  }

  private static func make(_ document: JSONDocument, _ at: Int) throws(ApusError) -> JSONTree {
    switch document[at].kind {
    case .array:
      var items: [JSONTree] = []
      var next = at + 1
      while next < document[at].end {
        items.append(try make(document, next))
        next = document[next].end
      }
      return .array(items)
    case .object:
      var members: [(key: String, value: JSONTree)] = []
      for key in JSONBOrder.members(document, at) {
        members.append((document.string(key), try make(document, key + 1)))
      }
      return .object(members)
    default: return .scalar(try JSONB.text(document, at))
    }
  }

  /// Appends the value in jsonb's normal form.
  func write(into out: inout [UInt8]) throws(ApusError) {
    switch self {
    case .scalar(let text): out.append(contentsOf: text)
    case .array(let items):
      out.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        if index > 0 { out.append(contentsOf: ", ".utf8) }
        try item.write(into: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (index, member) in Self.normal(members).enumerated() {
        if index > 0 { out.append(contentsOf: ", ".utf8) }
        out.append(contentsOf: Self.quoted(member.key))
        out.append(contentsOf: ": ".utf8)
        try member.value.write(into: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  static func quoted(_ text: String) -> [UInt8] { Array(text.utf8).withUnsafeBytes { JSONB.string($0) } }

  /// Sorted by length and then bytes, the last of equal keys.
  private static func normal(_ members: [(key: String, value: JSONTree)]) -> [(key: String, value: JSONTree)] {
    var last: [String: JSONTree] = [:]
    for member in members { last[member.key] = member.value }
    return last.map { (key: $0.key, value: $0.value) }.sorted { a, b in
      let (x, y) = (a.key.utf8.count, b.key.utf8.count)
      return x == y ? a.key.utf8.lexicographicallyPrecedes(b.key.utf8) : x < y
    }
  }

  private var isScalar: Bool { if case .scalar = self { true } else { false } }

  func removing(keys: [String]) throws(ApusError) -> JSONTree {
    switch self {
    case .scalar: throw ApusError(.invalidParameterValue, "cannot delete from scalar")
    case .object(let members): return .object(members.filter { !keys.contains($0.key) })
    case .array(let items):
      let texts = keys.map { Self.quoted($0) }
      return .array(items.filter { if case .scalar(let text) = $0 { !texts.contains(text) } else { true } })
    }
  }

  func removing(element number: Int) throws(ApusError) -> JSONTree {
    switch self {
    case .scalar: throw ApusError(.invalidParameterValue, "cannot delete from scalar")
    case .object: throw ApusError(.invalidParameterValue, "cannot delete from object using integer index")
    case .array(var items):
      let place = number < 0 ? items.count + number : number
      if items.indices.contains(place) { items.remove(at: place) }
      return .array(items)
    }
  }

  /// `position` counts the path's elements for the errors.
  func removing(path: ArraySlice<Value>, position: Int = 1) throws(ApusError) -> JSONTree {
    guard let first = path.first, !isEmpty else { return self }
    guard case .text(let step) = first else {
      throw ApusError(.nullValueNotAllowed, "path element at position \(position) is null")
    }
    return try replacing(step, position: position) { (inner) throws(ApusError) in
      if path.count == 1 { return nil }
      if inner.isScalar { return inner }
      return try inner.removing(path: path.dropFirst(), position: position + 1)
    }
  }

  private var isEmpty: Bool {
    switch self {
    case .scalar: false
    case .array(let items): items.isEmpty
    case .object(let members): members.isEmpty
    }
  }

  /// The value with the member or element `step` changed, or removed for nil.
  func replacing(
    _ step: String, position: Int = 1, _ change: (JSONTree) throws(ApusError) -> JSONTree?
  ) throws(ApusError) -> JSONTree {
    switch self {
    case .scalar: return self
    case .object(var members):
      guard let place = members.firstIndex(where: { $0.key == step }) else { return self }
      if let value = try change(members[place].value) {
        members[place].value = value
      } else {
        members.remove(at: place)
      }
      return .object(members)
    case .array(var items):
      guard let number = Int(step) else {
        throw ApusError(
          .invalidTextRepresentation, "path element at position \(position) is not an integer: \"\(step)\"")
      }
      let place = number < 0 ? items.count + number : number
      guard items.indices.contains(place) else { return self }
      if let value = try change(items[place]) { items[place] = value } else { items.remove(at: place) }
      return .array(items)
    }
  }

  /// `a || b`: objects are merged, all else becomes arrays.
  func joined(with other: JSONTree) -> JSONTree {
    if case .object(let own) = self, case .object(let theirs) = other { return .object(own + theirs) }
    func list(_ tree: JSONTree) -> [JSONTree] { if case .array(let items) = tree { items } else { [tree] } }
    return .array(list(self) + list(other))
  }
}
