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
    default: type.isOIDLike && type != .oid && type != .xid
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
    list.append(.relabel(.pgNodeTree, .text, .implicit))
    return list
  }

  // MARK: - Text in

  private static func input(_ target: DataType) -> Cast {
    let reference = TypeReference(target)
    return .to(target, from: .text, .explicit, volatility: isZoned(target) ? .stable : .immutable) {
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
      try mapBytes(arguments, count, target) { (row, out) throws(ApusError) in
        let raw = arguments[0].rawBytes(row)
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
    var list: [Cast] = []
    for type in DataType.all where !kinds.contains(type) && !type.isRegistered {
      switch type {
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
    .to(target, from: source, context, mayFail: false) { (arguments, count, _) throws(ApusError) in
      try mapValues(arguments, count, target) { values in
        guard case .text(let text) = values[0] else { return .null }
        return .text(target == .name ? TextFormat.truncatedName(text) : String(text.unicodeScalars.prefix(1)))
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
