// KeyColumn owns the numbering of the values of one key: 0 is null, the others follow as they are first seen.

import ApusBase
import ApusColumns
import ApusSketches

/// The numbers of a dictionary's entries in a key column, as far as they are known.
struct DictionaryNumbers {
  var dictionary: ByteDictionary?
  /// Number by code; `unknown` where none was asked for.
  var numbers: [UInt32] = []
  static let unknown = UInt32.max - 1
}

/// Values numbered. Inserting is one thread's; finding may go on in many when nothing is inserted any more.
final class KeyColumn {
  let type: DataType
  let kind: KeyKind
  private let integers: IntegerTable?
  private let bytes: BytesTable?
  /// The first value of each number, for kinds whose keys are not the values.
  private var firsts: [Value] = []

  static let absent = UInt32.max

  init(_ type: DataType) {
    self.type = type
    kind = KeyKind(type)
    switch kind {
    case .integer, .float:
      integers = IntegerTable()
      bytes = nil
    case .bytes, .encoded:
      integers = nil
      bytes = BytesTable()
    }
  }

  /// Numbers given, that of null included.
  var count: Int { 1 + (integers?.count ?? bytes?.count ?? 0) }
  var byteCount: Int { (integers?.byteCount ?? 0) + (bytes?.byteCount ?? 0) + firsts.count * 48 }

  // MARK: - Numbers of rows

  /// Writes the number of each row. Without `inserting`, unknown values give `absent`.
  func number(
    _ vector: Vector, _ count: Int, into out: UnsafeMutablePointer<UInt32>, inserting: Bool,
    memory: inout DictionaryNumbers
  ) {
    guard count > 0 else { return }
    switch vector.storage {
    case .constant(let box):
      var one: UInt32 = 0
      var none = DictionaryNumbers()
      number(box.vector, 1, into: &one, inserting: inserting, memory: &none)
      out.update(repeating: one, count: count)
    case .dictionary(let codes, let width, let dictionary):
      if dictionary.count == 0 { return out.update(repeating: 0, count: count) }
      prepare(&memory, dictionary)
      switch width {
      case 1: byCode(codes.read(UInt8.self), count, vector.validity, out, inserting, dictionary, &memory)
      case 2: byCode(codes.read(UInt16.self), count, vector.validity, out, inserting, dictionary, &memory)
      default: byCode(codes.read(UInt32.self), count, vector.validity, out, inserting, dictionary, &memory)
      }
    case .bool(let bits): small(count, vector.validity, out, inserting) { bits[$0] ? 1 : 0 }
    case .int16(let buffer):
      let source = buffer.read(Int16.self)
      small(count, vector.validity, out, inserting) { UInt64(bitPattern: Int64(source[$0])) }
    case .int32(let buffer):
      let source = buffer.read(Int32.self)
      small(count, vector.validity, out, inserting) { UInt64(bitPattern: Int64(source[$0])) }
    case .int64(let buffer): wide(buffer.read(UInt64.self), count, vector.validity, out, inserting)
    case .float32(let buffer):
      let source = buffer.read(Float.self)
      small(count, vector.validity, out, inserting) { KeyEncoding.bits(Double(source[$0])) }
    case .float64(let buffer):
      let source = buffer.read(Double.self)
      small(count, vector.validity, out, inserting) { KeyEncoding.bits(source[$0]) }
    case .shredded:
      number(vector.flattened(), count, into: out, inserting: inserting, memory: &memory)
    case .bytes where kind == .bytes: plain(vector, count, out, inserting)
    case .bytes, .interval, .uuid, .list: encoded(vector, count, out, inserting)
    }
  }

  private func prepare(_ memory: inout DictionaryNumbers, _ dictionary: ByteDictionary) {
    guard memory.dictionary !== dictionary else { return }
    memory.dictionary = dictionary
    memory.numbers = [UInt32](repeating: DictionaryNumbers.unknown, count: dictionary.count)
  }

  @inline(__always)
  private func byCode<T: FixedWidthInteger & BitwiseCopyable>(
    _ codes: UnsafePointer<T>, _ count: Int, _ validity: Bitmap?, _ out: UnsafeMutablePointer<UInt32>,
    _ inserting: Bool, _ dictionary: ByteDictionary, _ memory: inout DictionaryNumbers
  ) {
    memory.numbers.withUnsafeMutableBufferPointer { numbers in
      guard let table = numbers.baseAddress else { return }
      for row in 0..<count {
        if let validity, !validity[row] {
          out[row] = 0
          continue
        }
        let code = Int(codes[row])
        var number = table[code]
        if number == DictionaryNumbers.unknown {
          number = entry(dictionary.bytes(code), inserting)
          table[code] = number
        }
        out[row] = number
      }
    }
  }

  private func entry(_ raw: UnsafeRawBufferPointer, _ inserting: Bool) -> UInt32 {
    if case .encoded = kind {
      let vector = Vector.of([value(raw)], type: type)
      return encodedNumber(vector.value(at: 0), inserting)
    }
    return next(bytes.map { inserting ? $0.insert(raw) : $0.find(raw) })
  }

  private func value(_ raw: UnsafeRawBufferPointer) -> Value {
    if type == .numeric { return (try? Numeric(encoded: raw)).map { .numeric($0) } ?? .null }
    return .text(String(decoding: raw, as: UTF8.self))
  }

  @inline(__always)
  private func next(_ number: UInt32?) -> UInt32 {
    guard let number, number != IntegerTable.absent else { return Self.absent }
    return number &+ 1
  }

  private func wide(
    _ source: UnsafePointer<UInt64>, _ count: Int, _ validity: Bitmap?, _ out: UnsafeMutablePointer<UInt32>,
    _ inserting: Bool
  ) {
    guard let integers else { return }
    if validity == nil {
      if inserting {
        integers.insert(source, count: count, into: out)
        for row in 0..<count { out[row] = out[row] &+ 1 }
      } else {
        integers.find(source, count: count, into: out)
        for row in 0..<count where out[row] != IntegerTable.absent { out[row] = out[row] &+ 1 }
      }
      return
    }
    small(count, validity, out, inserting) { source[$0] }
  }

  @inline(__always)
  private func small(
    _ count: Int, _ validity: Bitmap?, _ out: UnsafeMutablePointer<UInt32>, _ inserting: Bool,
    _ key: (Int) -> UInt64
  ) {
    guard let integers else { return }
    var last: UInt64 = 0
    var lastNumber = UInt32.max - 1
    for row in 0..<count {
      if let validity, !validity[row] {
        out[row] = 0
        continue
      }
      let value = key(row)
      if value != last || lastNumber == UInt32.max - 1 {
        last = value
        lastNumber = next(inserting ? integers.insert(value) : integers.find(value))
      }
      out[row] = lastNumber
    }
  }

  private func plain(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt32>, _ inserting: Bool) {
    guard let bytes else { return }
    for row in 0..<count {
      if vector.isNull(row) {
        out[row] = 0
      } else {
        let raw = vector.rawBytes(row)
        out[row] = next(inserting ? bytes.insert(raw) : bytes.find(raw))
      }
    }
  }

  private func encoded(_ vector: Vector, _ count: Int, _ out: UnsafeMutablePointer<UInt32>, _ inserting: Bool) {
    for row in 0..<count {
      out[row] = vector.isNull(row) ? 0 : encodedNumber(vector.value(at: row), inserting)
    }
  }

  private func encodedNumber(_ value: Value, _ inserting: Bool) -> UInt32 {
    guard let bytes else { return Self.absent }
    var key: [UInt8] = []
    if type == .bpchar || type == .jsonb, case .text(let text) = value {
      key = KeyEncoding.key(text, type)
    } else {
      KeyEncoding.append(value, type, into: &key)
    }
    let before = bytes.count
    let number = key.withUnsafeBytes { inserting ? bytes.insert($0) : bytes.find($0) }
    if bytes.count > before { firsts.append(value) }
    return next(number)
  }

  // MARK: - Values of numbers

  /// The values that have these numbers. Throws 54000 when their bytes pass 2 GiB.
  func values(_ numbers: [UInt32]) throws(ApusError) -> Vector {
    let rows = numbers.map { Int32(bitPattern: $0) &- 1 }
    if case .encoded = kind { return Vector.of(firsts, type: type).gatheredOrNull(rows) }
    if let bytes {
      if bytes.count == 0 { return .nulls(type: type, count: rows.count) }
      let (offsets, data) = try bytes.storage()
      let all = Vector(type: type, count: bytes.count, storage: .bytes(offsets: offsets, data: data))
      return all.gatheredOrNull(rows)
    }
    guard let integers else { return .nulls(type: type, count: rows.count) }
    if integers.count == 0 { return .nulls(type: type, count: rows.count) }
    return Self.widened(integers.allKeys, integers.count, type).gatheredOrNull(rows)
  }

  private static func widened(_ keys: UnsafePointer<UInt64>, _ count: Int, _ type: DataType) -> Vector {
    func fixed<T: BitwiseCopyable>(_ convert: (UInt64) -> T) -> Buffer {
      let buffer = Buffer(byteCount: count * MemoryLayout<T>.stride)
      let out = buffer.write(T.self)
      for index in 0..<count { out[index] = convert(keys[index]) }
      return buffer
    }
    let storage: Vector.Storage
    switch type.physical {
    case .bool:
      let bits = Bitmap(repeating: false, count: count)
      for index in 0..<count where keys[index] != 0 { bits.set(index) }
      storage = .bool(bits)
    case .int16: storage = .int16(fixed { Int16(truncatingIfNeeded: $0) })
    case .int32: storage = .int32(fixed { Int32(truncatingIfNeeded: $0) })
    case .float32: storage = .float32(fixed { Float(Double(bitPattern: $0)) })
    case .float64: storage = .float64(fixed { Double(bitPattern: $0) })
    default: storage = .int64(fixed { $0 })
    }
    return Vector(type: type, count: count, storage: storage)
  }
}
