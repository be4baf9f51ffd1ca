// Casts to and from text: a type's output and input functions, and the lengths of strings.

import ApusBase
import ApusColumns

enum TextCasts {
  static var all: [Cast] { strings + outputs + inputs + lengths }

  /// Types whose bytes are text: casts between them change nothing but padding and length.
  private static let kinds: [DataType] = [.text, .varchar, .bpchar, .name, .char]

  private static func isZoned(_ type: DataType) -> Bool {
    switch type {
    case .timestamptz, .timestamp, .date, .time, .interval, .float4, .float8: true
    case .array(let element): isZoned(element)
    default: type.isOIDLike && type != .oid && type != .xid
    }
  }

  /// Whether reading the type's text depends on the session. Of floats only what is written does.
  private static func isReadByZone(_ type: DataType) -> Bool {
    switch type {
    case .float4, .float8, .array(.float4), .array(.float8): false
    default: isZoned(type)
    }
  }

  // MARK: - Text out

  private static func output(_ source: DataType, _ target: DataType, _ context: CastContext = .assignment) -> Cast {
    .to(target, from: source, context, mayFail: false, volatility: isZoned(source) ? .stable : .immutable) {
      (arguments, count, session) throws(ApusError) in
      let settings = session.formatSettings
      return try mapBytes(arguments, count, target) { (row, out) throws(ApusError) in
        if source == .bool {
          // The cast says true and false; only the output function says t and f.
          if case .bool(let flag) = arguments[0].value(at: row) {
            out.append(contentsOf: flag ? "true".utf8 : "false".utf8)
          }
        } else {
          try TextFormat.output(arguments[0], row: row, settings: settings, into: &out)
        }
        return true
      }
    }
  }

  private static var outputs: [Cast] {
    var list: [Cast] = []
    for type in DataType.all where !kinds.contains(type) && type != .unknown && type != .void && type != .pgNodeTree {
      for target in [DataType.text, .varchar, .bpchar] { list.append(output(type, target)) }
    }
    for element in arrayElements { list.append(output(.array(element), .text)) }
    list.append(.relabel(.pgNodeTree, .text, .implicit))
    return list
  }

  /// The types of which there are arrays.
  private static var arrayElements: [DataType] {
    DataType.all.filter { DataType.array($0).oid != 0 && $0 != .record && $0 != .aggregateState && $0 != .aclitem }
  }

  // MARK: - Text in

  /// Types of fixed width, read from the bytes as they lie.
  private static func fixedInput<R: BitwiseCopyable & Sendable>(
    _ target: DataType, _: R.Type,
    _ read: @escaping @Sendable (UnsafeRawBufferPointer, FormatSettings) throws(ApusError) -> R
  ) -> Cast {
    .to(target, from: .text, .explicit, volatility: isReadByZone(target) ? .stable : .immutable) {
      (arguments, count, session) throws(ApusError) in
      let settings = session.formatSettings
      return try readFixed(arguments[0], count, target) { (raw) throws(ApusError) -> R in try read(raw, settings) }
    }
  }

  private static func integerInput<R: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ target: DataType, _: R.Type
  ) -> Cast {
    let reference = TypeReference(target)
    return fixedInput(target, R.self) { (raw, settings) throws(ApusError) -> R in
      if let number = shortInteger(raw), let value = R(exactly: number) { return value }
      let value = try TextFormat.input(String(decoding: raw, as: UTF8.self), type: reference, settings: settings)
      guard case .int(let number) = value else { return 0 }
      return R(truncatingIfNeeded: number)
    }
  }

  /// Up to 18 digits after a minus sign, if that is all.
  @inline(__always)
  private static func shortInteger(_ raw: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = raw.first == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    guard raw.count > index, raw.count <= 18 else { return nil }
    var value: Int64 = 0
    while index < raw.count {
      let digit = raw[index] &- 48
      guard digit < 10 else { return nil }
      value = value &* 10 &+ Int64(digit)
      index &+= 1
    }
    return isNegative ? 0 &- value : value
  }

  /// The units and scale of plain digits with a point between, if that is all.
  @inline(__always)
  private static func shortDecimal(_ raw: UnsafeRawBufferPointer) -> (units: Int64, scale: Int)? {
    let isNegative = raw.first == UInt8(ascii: "-")
    let first = isNegative ? 1 : 0
    var index = first
    guard raw.count > index, raw.count <= 18 else { return nil }
    var value: Int64 = 0
    var point = -1
    while index < raw.count {
      let digit = raw[index] &- 48
      if digit < 10 {
        value = value &* 10 &+ Int64(digit)
      } else {
        guard raw[index] == UInt8(ascii: "."), point < 0, index > first, index &+ 1 < raw.count else { return nil }
        point = index
      }
      index &+= 1
    }
    return (isNegative ? 0 &- value : value, point < 0 ? 0 : raw.count &- 1 &- point)
  }

  private static let tens: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  ]

  private static var numericInput: Cast {
    .to(.numeric, from: .text, .explicit) { (arguments, count, _) throws(ApusError) in
      let column = BytesColumn(arguments[0])
      defer { withExtendedLifetime(column.owner) {} }
      return try mapBytes(arguments, count, .numeric) { (row, out) throws(ApusError) in
        let raw = column[row]
        if let short = shortDecimal(raw) {
          DecimalParts(Int128(short.units), scale: short.scale).encode(into: &out)
        } else {
          out.append(contentsOf: try Numeric(text: String(decoding: raw, as: UTF8.self)).encoded)
        }
        return true
      }
    }
  }

  private static var fixedInputs: [Cast] {
    [
      integerInput(.int2, Int16.self), integerInput(.int4, Int32.self), integerInput(.int8, Int64.self),
      fixedInput(.float4, Float.self) { (raw, _) throws(ApusError) in try FloatText.float4(raw) },
      fixedInput(.float8, Double.self) { (raw, _) throws(ApusError) in
        // A mantissa below 2^53 and a power of ten up to 22 are exact, and so is the rounding of their quotient.
        if let short = shortDecimal(raw), short.units != 0, short.units.magnitude < 1 << 53 {
          return Double(short.units) / tens[short.scale]
        }
        return try FloatText.float8(raw)
      },
      fixedInput(.date, Int32.self) { (raw, settings) throws(ApusError) in try DateTimeInput.date(raw, settings) },
      fixedInput(.time, Int64.self) { (raw, settings) throws(ApusError) in try DateTimeInput.time(raw, settings) },
      fixedInput(.timestamp, Int64.self) { (raw, settings) throws(ApusError) in
        try DateTimeInput.timestamp(raw, settings)
      },
      fixedInput(.timestamptz, Int64.self) { (raw, settings) throws(ApusError) in
        try DateTimeInput.timestamptz(raw, settings)
      },
      numericInput,
    ]
  }

  private static func input(_ target: DataType) -> Cast {
    let reference = TypeReference(target)
    return .to(target, from: .text, .explicit, volatility: isReadByZone(target) ? .stable : .immutable) {
      (arguments, count, session) throws(ApusError) in
      let settings = session.formatSettings
      return try mapValues(arguments, count, target) { (values) throws(ApusError) in
        guard case .text(let text) = values[0] else { return .null }
        return try TextFormat.input(text, type: reference, settings: settings)
      }
    }
  }

  private static func jsonInput(_ target: DataType) -> Cast {
    .to(target, from: .text, .explicit) { (arguments, count, _) throws(ApusError) in
      let column = BytesColumn(arguments[0])
      defer { withExtendedLifetime(column.owner) {} }
      return try mapBytes(arguments, count, target) { (row, out) throws(ApusError) in
        let raw = column[row]
        if target == .json {
          try JSONB.validate(raw)
          out.append(contentsOf: raw)
        } else {
          out.append(contentsOf: try JSONB.canonicalise(raw))
        }
        return true
      }
    }
  }

  private static var inputs: [Cast] {
    var list = fixedInputs + arrayElements.map { input(.array($0)) }
    for type in DataType.all where !kinds.contains(type) && !type.isRegistered {
      switch type {
      case .int2, .int4, .int8, .float4, .float8, .numeric, .date, .time, .timestamp, .timestamptz: continue
      case .unknown, .void, .record, .pgNodeTree, .aclitem, .aggregateState, .int2vector, .oidvector: continue
      case .json, .jsonb: list.append(jsonInput(type))
      default: list.append(input(type))
      }
    }
    return list
  }

  // MARK: - Strings

  private static func trimming(_ source: DataType, _ target: DataType, _ context: CastContext) -> Cast {
    .to(target, from: source, context, mayFail: false) { (arguments, count, _) throws(ApusError) in
      try mapBytes(arguments, count, target) { row, out in
        out.append(contentsOf: unpadded(arguments[0].rawBytes(row)))
        return true
      }
    }
  }

  private static func shortening(_ source: DataType, _ target: DataType, _ context: CastContext) -> Cast {
    .to(target, from: source, context, mayFail: target == .char) { (arguments, count, _) throws(ApusError) in
      try mapValues(arguments, count, target) { (values) throws(ApusError) in
        guard case .text(var text) = values[0] else { return .null }
        if source == .bpchar { while text.utf8.last == 32 { text.unicodeScalars.removeLast() } }
        if target == .name { return .text(TextFormat.truncatedName(text)) }
        guard let first = text.unicodeScalars.first else { return .text("") }
        guard first.isASCII else { throw ApusError.unsupported("a \"char\" beyond ASCII is") }
        return .text(String(first))
      }
    }
  }

  private static var strings: [Cast] {
    [
      .relabel(.text, .varchar, .implicit), .relabel(.text, .bpchar, .implicit), .relabel(.varchar, .text, .implicit),
      .relabel(.varchar, .bpchar, .implicit), trimming(.bpchar, .text, .implicit),
      trimming(.bpchar, .varchar, .implicit), .relabel(.name, .text, .implicit), .relabel(.name, .varchar, .assignment),
      .relabel(.name, .bpchar, .assignment), .relabel(.char, .text, .implicit), .relabel(.char, .varchar, .assignment),
      .relabel(.char, .bpchar, .assignment), shortening(.text, .name, .implicit),
      shortening(.varchar, .name, .implicit), shortening(.bpchar, .name, .implicit),
      shortening(.text, .char, .assignment), shortening(.varchar, .char, .assignment),
      shortening(.bpchar, .char, .assignment),
      .to(.int4, from: .char, .explicit, mayFail: false) { (arguments, count, _) throws(ApusError) in
        try mapValues(arguments, count, .int4) { values in
          guard case .text(let text) = values[0] else { return .null }
          return .int(Int64(Int8(bitPattern: text.utf8.first ?? 0)))
        }
      },
      .to(.char, from: .int4, .explicit) { (arguments, count, _) throws(ApusError) in
        try mapValues(arguments, count, .char) { (values) throws(ApusError) in
          guard case .int(let code) = values[0], code >= -128, code <= 127 else {
            throw ApusError(.numericValueOutOfRange, "\"char\" out of range")
          }
          if code < 0 { throw ApusError.unsupported("a \"char\" beyond ASCII is") }
          return .text(code == 0 ? "" : String(UnicodeScalar(UInt8(code))))
        }
      },
    ]
  }

  // MARK: - Lengths

  private static func cut(
    _ text: String, _ modifier: Int32, _ isExplicit: Bool, _ type: String
  ) throws(ApusError) -> String {
    let most = Int(modifier) - 4
    guard most >= 0, text.unicodeScalars.count > most else { return text }
    let kept = text.unicodeScalars.prefix(most)
    let rest = text.unicodeScalars.dropFirst(most)
    guard isExplicit || rest.allSatisfy({ $0 == " " }) else {
      throw ApusError(.stringDataRightTruncation, "value too long for type \(type)(\(most))")
    }
    return String(String.UnicodeScalarView(kept))
  }

  private static var lengths: [Cast] {
    [
      .modifying(.varchar) { (value, modifier, isExplicit) throws(ApusError) in
        guard case .text(let text) = value else { return value }
        return .text(try cut(text, modifier, isExplicit, "character varying"))
      },
      .modifying(.bpchar) { (value, modifier, isExplicit) throws(ApusError) in
        guard case .text(let text) = value else { return value }
        let kept = try cut(text, modifier, isExplicit, "character")
        let missing = Int(modifier) - 4 - kept.unicodeScalars.count
        return .text(missing > 0 ? kept + String(repeating: " ", count: missing) : kept)
      },
    ]
  }
}

extension DataType {
  /// The `reg` types, which are read by name.
  var isRegistered: Bool { isOIDLike && self != .oid && self != .xid }
}
