// JSONBOrder owns PostgreSQL's order of jsonb values, and containment.

import ApusBase
import ApusColumns

enum JSONBOrder {
  /// Below 0, 0 or above 0. Throws what parsing throws; values that are stored parse.
  static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) throws(ApusError) -> Int {
    try JSONB.parsing(a) { (left) throws(ApusError) in
      try JSONB.parsing(b) { (right) throws(ApusError) in
        // An empty array on top is below everything (a quirk that PostgreSQL documents and keeps).
        let leftEmpty = left[0].kind == .array && left[0].number == 0
        let rightEmpty = right[0].kind == .array && right[0].number == 0
        if leftEmpty || rightEmpty { return leftEmpty == rightEmpty ? 0 : (leftEmpty ? -1 : 1) }
        return try order(left, 0, right, 0)
      }
    }
  }

  private static func rank(_ kind: JSONKind) -> Int {
    switch kind {
    case .null: 0
    case .string, .key: 1
    case .integer, .decimal, .number: 2
    case .false, .true: 3
    case .array: 4
    case .object: 5
    }
  }

  static func order(_ a: JSONDocument, _ x: Int, _ b: JSONDocument, _ y: Int) throws(ApusError) -> Int {
    let (left, right) = (a[x], b[y])
    let (leftRank, rightRank) = (rank(left.kind), rank(right.kind))
    if leftRank != rightRank { return leftRank < rightRank ? -1 : 1 }
    switch leftRank {
    case 0: return 0
    case 1: return compareBytes(a.text(left), b.text(right))
    case 2: return Numeric.compare(try number(a, x), try number(b, y))
    case 3: return left.kind == right.kind ? 0 : (left.kind == .false ? -1 : 1)
    default: break
    }
    if left.number != right.number { return left.number < right.number ? -1 : 1 }
    if left.kind == .array { return try elements(a, x, b, y) }
    // Objects: their members in the order in which jsonb keeps them, shorter keys first. Keys are compared before the
    // values of the pair, and among themselves as strings.
    let (mine, theirs) = (members(a, x), members(b, y))
    if mine.count != theirs.count { return mine.count < theirs.count ? -1 : 1 }
    for (own, other) in zip(mine, theirs) {
      let keys = compareBytes(a.text(a[own]), b.text(b[other]))
      if keys != 0 { return keys }
      let values = try order(a, own + 1, b, other + 1)
      if values != 0 { return values }
    }
    return 0
  }

  private static func elements(_ a: JSONDocument, _ x: Int, _ b: JSONDocument, _ y: Int) throws(ApusError) -> Int {
    var (i, j) = (x + 1, y + 1)
    while i < a[x].end, j < b[y].end {
      let compared = try order(a, i, b, j)
      if compared != 0 { return compared }
      i = a[i].end
      j = b[j].end
    }
    return 0
  }

  static func number(_ document: JSONDocument, _ at: Int) throws(ApusError) -> Numeric {
    if document[at].kind == .integer { return Numeric(document[at].number) }
    let text = try JSONB.text(document, at)
    return try Numeric(text: String(decoding: text, as: UTF8.self))
  }

  private static func keyOrder(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    if a.count != b.count { return a.count < b.count ? -1 : 1 }
    return compareBytes(a, b)
  }

  /// Tokens of the keys of an object in jsonb's order, the last of equal ones.
  static func members(_ document: JSONDocument, _ object: Int) -> [Int] {
    var list: [Int] = []
    var at = object + 1
    while at < document[object].end {
      list.append(at)
      at = document[at + 1].end
    }
    let sorted = list.sorted {
      let order = keyOrder(document.text(document[$0]), document.text(document[$1]))
      return order == 0 ? $0 < $1 : order < 0
    }
    var kept: [Int] = []
    for key in sorted {
      if let last = kept.last, equalBytes(document.text(document[last]), document.text(document[key])) {
        kept[kept.count - 1] = key
      } else {
        kept.append(key)
      }
    }
    return kept
  }

  /// `a @> b`. On top, an array contains a scalar that it has as an element.
  static func contains(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) throws(ApusError) -> Bool {
    try JSONB.parsing(a) { (left) throws(ApusError) in
      try JSONB.parsing(b) { (right) throws(ApusError) in
        if left[0].kind == .array, right[0].kind != .array, right[0].kind != .object {
          return try anyElement(left, 0) { (at) throws(ApusError) in try order(left, at, right, 0) == 0 }
        }
        return try contains(left, 0, right, 0)
      }
    }
  }

  private static func anyElement(
    _ document: JSONDocument, _ array: Int, _ test: (Int) throws(ApusError) -> Bool
  ) throws(ApusError) -> Bool {
    var at = array + 1
    while at < document[array].end {
      if try test(at) { return true }
      at = document[at].end
    }
    return false
  }

  private static func contains(
    _ a: JSONDocument, _ x: Int, _ b: JSONDocument, _ y: Int
  ) throws(ApusError) -> Bool {
    switch (a[x].kind, b[y].kind) {
    case (.object, .object):
      for key in members(b, y) {
        let name = String(decoding: b.text(b[key]), as: UTF8.self)
        guard let value = JSONB.member(a, x, name), try contains(a, value, b, key + 1) else { return false }
      }
      return true
    case (.array, .array):
      var at = y + 1
      while at < b[y].end {
        let wanted = at
        let isFound = try anyElement(a, x) { (own) throws(ApusError) in try contains(a, own, b, wanted) }
        if !isFound { return false }
        at = b[at].end
      }
      return true
    case (.object, _), (_, .object), (.array, _), (_, .array): return false
    default: return try order(a, x, b, y) == 0
    }
  }
}
