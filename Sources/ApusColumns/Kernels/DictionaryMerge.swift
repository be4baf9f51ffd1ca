// DictionaryMerge owns the joining of dictionary vectors whose dictionaries differ: entries are merged, rows only get
// new codes.

extension Vector {
  /// The vectors end to end over one merged dictionary; nil unless all are dictionary vectors (or wholly null) with few
  /// entries for their rows.
  static func mergedDictionaries(_ parts: [Vector], type: DataType, count: Int) -> Vector? {
    var entries = 0
    for part in parts {
      switch part.storage {
      case .dictionary(_, _, let dictionary): entries += dictionary.count
      case .constant where part.isNull(0): continue
      default: return nil
      }
    }
    guard entries > 0, entries * 4 <= count else { return nil }
    var builder = TextColumnBuilder(isMapping: true)
    for part in parts {
      guard case .dictionary(_, _, let dictionary) = part.storage else { continue }
      for code in 0..<dictionary.count {
        guard builder.fits(dictionary.bytes(code).count) else { return nil }
        builder.append(dictionary.bytes(code))
      }
    }
    guard let (dictionary, map) = builder.mapping() else { return nil }
    let width = dictionary.count <= 256 ? 1 : dictionary.count <= 65_536 ? 2 : 4
    let out = Buffer(byteCount: count * width)
    var validity: Bitmap?
    if parts.contains(where: { $0.validity != nil || $0.isConstant }) {
      validity = Bitmap(repeating: true, count: count)
    }
    var base = 0
    var firstEntry = 0
    for part in parts {
      if case .dictionary(let codes, let oldWidth, let old) = part.storage {
        let range = base..<base + part.count
        map.withUnsafeBufferPointer { map in
          let own = UnsafeBufferPointer(rebasing: map[firstEntry..<firstEntry + old.count])
          recode(codes, oldWidth, own, out, width, range)
        }
        firstEntry += old.count
        if let valid = part.validity, let validity {
          for row in 0..<part.count where !valid[row] { validity.clear(base + row) }
        }
      } else {
        (out.address + base * width).initializeMemory(as: UInt8.self, repeating: 0, count: part.count * width)
        for row in base..<base + part.count { validity?.clear(row) }
      }
      base += part.count
    }
    return Vector(
      type: type, count: count, validity: validity,
      storage: .dictionary(codes: out, width: width, dictionary: dictionary))
  }

  /// Writes the codes of a part, mapped, to rows `range` of `out`.
  private static func recode(
    _ codes: Buffer, _ width: Int, _ map: UnsafeBufferPointer<UInt32>, _ out: Buffer, _ newWidth: Int,
    _ range: Range<Int>
  ) {
    switch width {
    case 1: recode(codes.read(UInt8.self), map, out, newWidth, range)
    case 2: recode(codes.read(UInt16.self), map, out, newWidth, range)
    default: recode(codes.read(UInt32.self), map, out, newWidth, range)
    }
  }

  @inline(__always)
  private static func recode<T: UnsignedInteger & FixedWidthInteger>(
    _ codes: UnsafePointer<T>, _ map: UnsafeBufferPointer<UInt32>, _ out: Buffer, _ width: Int, _ range: Range<Int>
  ) {
    // A dictionary without entries has null rows only, whose code means nothing.
    guard map.count > 0, let map = map.baseAddress else {
      (out.address + range.lowerBound * width).initializeMemory(
        as: UInt8.self, repeating: 0, count: range.count * width)
      return
    }
    let count = range.count
    switch width {
    case 1:
      let target = out.write(UInt8.self) + range.lowerBound
      for row in 0..<count { target[row] = UInt8(truncatingIfNeeded: map[Int(codes[row])]) }
    case 2:
      let target = out.write(UInt16.self) + range.lowerBound
      for row in 0..<count { target[row] = UInt16(truncatingIfNeeded: map[Int(codes[row])]) }
    default:
      let target = out.write(UInt32.self) + range.lowerBound
      for row in 0..<count { target[row] = map[Int(codes[row])] }
    }
  }
}
