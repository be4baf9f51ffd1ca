// TextWidth owns how many columns of a terminal a text takes, and how a value is cut into lines that can be shown.

enum TextWidth {
  /// Columns of a text without control characters: wide characters take two, combining ones none.
  static func of(_ text: String) -> Int {
    var isASCII = true
    for byte in text.utf8 where byte >= 128 { isASCII = false }
    if isASCII { return text.utf8.count }
    var width = 0
    for character in text {
      var widest = 0
      for scalar in character.unicodeScalars {
        // Emoji by presentation selector.
        widest = max(widest, scalar.value == 0xFE0F ? (widest == 0 ? 0 : 2) : of(scalar))
      }
      width += widest
    }
    return width
  }

  private static func of(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return value == 0xAD ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if (0x1160...0x11FF).contains(value) { return 0 }
    if value < 0x1100 { return 1 }
    return wide.contains { $0.contains(value) } ? 2 : 1
  }

  /// East Asian Wide and Fullwidth (Unicode 15, EastAsianWidth.txt), neighbours merged.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
    0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
    0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
    0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
    0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
    0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E,
    0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
    0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF,
    0x1F004...0x1F004, 0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F320,
    0x1F32D...0x1F335, 0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3,
    0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E, 0x1F440...0x1F440, 0x1F442...0x1F4FC,
    0x1F4FF...0x1F53D, 0x1F54B...0x1F54E, 0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596,
    0x1F5A4...0x1F5A4, 0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2,
    0x1F6D5...0x1F6D7, 0x1F6DC...0x1F6DF, 0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7EB,
    0x1F7F0...0x1F7F0, 0x1F90C...0x1F93A, 0x1F93C...0x1F945, 0x1F947...0x1FAFF, 0x20000...0x3FFFD,
  ]

  /// The lines of a value, tabs as spaces and control characters as \xNN, as psql shows them: what is stored never
  /// steers the terminal.
  static func lines(_ value: String) -> [String] {
    var isPlain = true
    for byte in value.utf8 where byte < 32 || byte >= 127 { isPlain = false }
    if isPlain { return [value] }
    var lines: [String] = []
    var line = ""
    for scalar in value.unicodeScalars {
      switch scalar.value {
      case 10:
        lines.append(line)
        line = ""
      case 13: line += "\\r"
      case 9: line += String(repeating: " ", count: 8 - of(line) % 8)
      case 0..<32, 127...0x9F: line += "\\x" + (scalar.value < 16 ? "0" : "") + hex(scalar.value)
      // Marks that turn the direction of text.
      case 0x202A...0x202E, 0x2066...0x2069: line += "\\u" + hex(scalar.value)
      default: line.unicodeScalars.append(scalar)
      }
    }
    lines.append(line)
    return lines
  }

  private static func hex(_ value: UInt32) -> String { String(value, radix: 16, uppercase: true) }

  enum Alignment { case left, right, centre }

  static func pad(_ text: String, to width: Int, _ alignment: Alignment = .left) -> String {
    let space = max(0, width - of(text))
    switch alignment {
    case .left: return text + String(repeating: " ", count: space)
    case .right: return String(repeating: " ", count: space) + text
    case .centre:
      return String(repeating: " ", count: space / 2) + text + String(repeating: " ", count: space - space / 2)
    }
  }
}
