// NumberTemplate owns the template patterns of numbers, to_char of numbers and to_number: PostgreSQL's formatting.c.

import ApusBase
import ApusColumns

/// The parts of a number template.
struct NumberTemplate {
  enum Part: Equatable { case nine, zero, point, group, currency, sign, minus, plus, anySign, roman(LetterCase) }
  enum Node: Equatable { case part(Part), ordinal(LetterCase), literal([UInt8]) }
  private enum SignPlace { case none, before, after }

  private(set) var nodes: [Node] = []
  private var pre = 0
  private(set) var post = 0
  private(set) var multiplier = 0
  private var zeroStart = 0
  private var zeroEnd = 0
  private var signPlace = SignPlace.none
  private var preAtSign = 0
  private(set) var isFilled = false
  private var hasPoint = false
  private var hasZero = false
  private(set) var isMultiplied = false
  private(set) var isScientific = false
  private(set) var isBracketed = false
  private var hasMinus = false
  private var hasPlus = false
  private(set) var isRoman = false
  private var hasSign: Bool { signPlace != .none }

  private static func wrong(_ message: String) -> ApusError { ApusError(.syntaxError, message) }

  init(_ text: String) throws(ApusError) {
    let bytes = Array(text.utf8)
    var at = 0
    func has(_ word: String) -> Bool {
      bytes[at...].starts(with: word.utf8) || bytes[at...].starts(with: word.lowercased().utf8)
    }
    while at < bytes.count {
      let isUpper = bytes[at] < 97
      if isScientific, has("9") || has("0") || has(".") || has("S") || has("V") {
        throw Self.wrong("\"EEEE\" must be the last pattern used")
      }
      switch true {
      case has("EEEE"):
        guard !isFilled, !hasSign, !isBracketed, !hasMinus, !hasPlus, !isRoman, !isMultiplied else {
          throw Self.wrong("\"EEEE\" is incompatible with other formats")
        }
        isScientific = true
        at += 4
      case has("FM"):
        isFilled = true
        at += 2
      case has("MI"): try add(.minus, &at, 2)
      case has("PL"): try add(.plus, &at, 2)
      case has("SG"): try add(.anySign, &at, 2)
      case has("SP"): at += 2
      case has("PR"):
        guard !hasSign, !hasPlus, !hasMinus else {
          throw Self.wrong("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
        }
        isBracketed = true
        at += 2
      case has("RN"):
        isRoman = true
        nodes.append(.part(.roman(isUpper ? .upper : .lower)))
        at += 2
      case has("TH"):
        nodes.append(.ordinal(isUpper ? .upper : .lower))
        at += 2
      case has("V"):
        guard !hasPoint else { throw Self.wrong("cannot use \"V\" and decimal point together") }
        isMultiplied = true
        at += 1
      case has("B"), has("C"): at += 1
      case has("S"): try addSign(&at)
      case has("D"), has("."): try addPoint(&at)
      case has("G"), has(","): try add(.group, &at, 1)
      case has("L"): try add(.currency, &at, 1)
      case has("9"): try addDigit(.nine, &at)
      case has("0"): try addDigit(.zero, &at)
      case bytes[at] == 34:
        at += 1
        while at < bytes.count, bytes[at] != 34 {
          if bytes[at] == 92, at + 1 < bytes.count { at += 1 }
          nodes.append(.literal([bytes[at]]))
          at += 1
        }
        at += 1
      default:
        if bytes[at] == 92, at + 1 < bytes.count, bytes[at + 1] == 34 { at += 1 }
        nodes.append(.literal([bytes[at]]))
        at += 1
      }
    }
  }

  private mutating func add(_ part: Part, _ at: inout Int, _ length: Int) throws(ApusError) {
    if part == .minus || part == .plus || part == .anySign {
      guard !hasSign else {
        let name = part == .minus ? "MI" : part == .plus ? "PL" : "SG"
        throw Self.wrong("cannot use \"S\" and \"\(name)\" together")
      }
      if part != .plus { hasMinus = true }
      if part != .minus { hasPlus = true }
    }
    nodes.append(.part(part))
    at += length
  }

  private mutating func addSign(_ at: inout Int) throws(ApusError) {
    guard !hasSign else { throw Self.wrong("cannot use \"S\" twice") }
    guard !hasPlus, !hasMinus, !isBracketed else {
      throw Self.wrong("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
    }
    signPlace = hasPoint ? .after : .before
    preAtSign = pre
    nodes.append(.part(.sign))
    at += 1
  }

  private mutating func addPoint(_ at: inout Int) throws(ApusError) {
    guard !hasPoint else { throw Self.wrong("multiple decimal points") }
    guard !isMultiplied else { throw Self.wrong("cannot use \"V\" and decimal point together") }
    hasPoint = true
    nodes.append(.part(.point))
    at += 1
  }

  private mutating func addDigit(_ part: Part, _ at: inout Int) throws(ApusError) {
    guard !isBracketed else {
      throw Self.wrong("\"\(part == .nine ? "9" : "0")\" must be ahead of \"PR\"")
    }
    at += 1
    nodes.append(.part(part))
    if part == .nine, isMultiplied {
      multiplier += 1
      return
    }
    if part == .zero, !hasZero, !hasPoint {
      hasZero = true
      zeroStart = pre + 1
    }
    if hasPoint { post += 1 } else { pre += 1 }
    if part == .zero { zeroEnd = pre + post }
  }

  // MARK: - Output

  /// The text of a value whose digits are `digits` (of `post` decimals, without a sign).
  func text(digits: String, isNegative: Bool, post: Int) -> [UInt8] {
    let total = pre + (isMultiplied ? multiplier : 0)
    var number = Array(digits.utf8)
    let whole = number.firstIndex(of: 46) ?? number.count
    var spaces = 0
    if whole < total {
      spaces = total - whole
    } else if whole > total {
      number = [UInt8](repeating: 35, count: total + post + 1)
      number[total] = 46
    }
    var writer = Writer(self, number, spaces, isNegative: isNegative, pre: total, post: post)
    return writer.run()
  }

  /// PostgreSQL's NUM_processor: its variables by other names.
  private struct Writer {
    let template: NumberTemplate
    let number: [UInt8]
    let spaces: Int
    var isNegative: Bool
    var isBracketed: Bool
    var signWritten: Bool
    var signPlace: SignPlace
    var position = 0
    var current = 0
    var hasDigits = false
    let lastRelevant: Int?
    var total: Int
    let zeroStart: Int
    var out: [UInt8] = []

    init(_ template: NumberTemplate, _ number: [UInt8], _ spaces: Int, isNegative: Bool, pre: Int, post: Int) {
      self.template = template
      self.number = number
      self.spaces = spaces
      self.isNegative = isNegative
      isBracketed = template.isBracketed
      signPlace = template.signPlace
      if template.hasPlus || template.hasMinus {
        signWritten = !(template.hasPlus && !template.hasMinus)
      } else {
        if !isNegative, template.isFilled { isBracketed = false }
        signWritten = !isNegative && template.isFilled && signPlace == .none
        if signPlace == .before, template.pre == template.preAtSign { signPlace = .after }
      }
      if template.hasPlus, !template.hasMinus { signWritten = false }
      zeroStart = template.zeroStart > 0 ? template.zeroStart - 1 : 0
      total = post + pre - 1
      var relevant: Int?
      if template.isFilled, template.hasPoint, let point = number.firstIndex(of: 46) {
        // The last decimal that is not a zero, or the point.
        var last = point
        for index in point..<number.count where number[index] != 48 { last = index }
        if template.zeroEnd > spaces { last = max(last, min(number.count - 1, template.zeroEnd - spaces)) }
        relevant = last
      }
      lastRelevant = relevant
      if !signWritten, spaces == 0 { total += 1 }
    }

    private func byte(_ index: Int) -> UInt8 { index < number.count ? number[index] : 0 }
    private var lastIsPoint: Bool { lastRelevant.map { byte($0) == 46 } ?? false }
    /// The only zero before a point, which 9 does not show.
    private var isHiddenZero: Bool {
      !template.hasZero && position == 0 && byte(0) == 48 && template.post != 0
    }

    mutating func run() -> [UInt8] {
      for node in template.nodes {
        switch node {
        case .literal(let bytes): out += bytes
        case .ordinal(let letters):
          if template.isRoman || byte(0) == 35 || isNegative || template.hasPoint { continue }
          out += CalendarNames.ordinal(number, letters)
        case .part(let part): write(part)
        }
      }
      return out
    }

    private mutating func write(_ part: Part) {
      switch part {
      case .nine, .zero, .point: digit(part)
      case .group:
        if hasDigits { out.append(44) } else if !template.isFilled { out.append(32) }
      case .currency: out.append(32)
      case .minus: if isNegative { out.append(45) } else if !template.isFilled { out.append(32) }
      case .plus: if !isNegative { out.append(43) } else if !template.isFilled { out.append(32) }
      case .anySign: out.append(isNegative ? 45 : 43)
      case .sign, .roman: return
      }
    }

    private mutating func writeSign() {
      if signPlace != .none {
        guard signPlace == .before else { return }
        out.append(isNegative ? 45 : 43)
      } else if isBracketed {
        out.append(isNegative ? 60 : 32)
      } else if isNegative {
        out.append(45)
      } else if !template.isFilled {
        out.append(32)
      }
      signWritten = true
    }

    private mutating func digit(_ part: Part) {
      if !signWritten, current >= spaces || (template.hasZero && zeroStart == current),
        !isHiddenZero || lastIsPoint
      {
        writeSign()
      }
      if current < spaces, zeroStart > current || !template.hasZero {
        if !template.isFilled { out.append(32) }
      } else if template.hasZero, current < spaces, zeroStart <= current {
        out.append(48)
        hasDigits = true
      } else {
        if byte(position) == 46 {
          if !lastIsPoint || template.isFilled { out.append(46) }
        } else if let lastRelevant, position > lastRelevant, part != .zero {
        } else if isHiddenZero {
          if !template.isFilled { out.append(32) } else if lastIsPoint { out.append(48) }
        } else if position < number.count {
          out.append(number[position])
          hasDigits = true
        }
        if position < number.count { position += 1 }
      }
      var end = total + (spaces > 0 ? 1 : 0) + (template.hasPoint ? 1 : 0)
      if let lastRelevant, lastRelevant == position { end = current }
      if current + 1 == end {
        if signWritten, isBracketed {
          out.append(isNegative ? 62 : 32)
        } else if signPlace == .after {
          out.append(isNegative ? 45 : 43)
        }
      }
      current += 1
    }
  }

  // MARK: - Roman

  func roman(_ value: Int64) -> [UInt8] {
    var text = ""
    if (1...3_999).contains(value) {
      var rest = value
      let steps: [(Int64, String)] = [
        (1_000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
        (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
      ]
      for (worth, letters) in steps {
        while rest >= worth {
          text += letters
          rest -= worth
        }
      }
    } else {
      text = String(repeating: "#", count: 15)
    }
    var out: [UInt8] = []
    for node in nodes {
      switch node {
      case .part(.roman(let letters)):
        let shown = letters == .lower ? text.lowercased() : text
        if !isFilled { out += [UInt8](repeating: 32, count: max(0, 15 - shown.utf8.count)) }
        out += shown.utf8
      case .literal(let bytes): out += bytes
      default: continue
      }
    }
    return out
  }
}
