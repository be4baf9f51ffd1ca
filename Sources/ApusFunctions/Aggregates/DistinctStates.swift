// DistinctStates owns count(DISTINCT x): exact, by hash sets, and by bitmaps over dictionary codes.

import ApusBase
import ApusColumns
import ApusSketches

final class DistinctStates: AggregateStates {
  private let type: DataType
  private let form: KeyForm
  private let sets = DistinctSets()
  private var groupCount = 0
  /// Whether anything is in `sets`: if not, the bitmap alone is the answer.
  private var usesSets = false
  /// The dictionary whose codes `marks` tells, and a row of words for each group.
  private var dictionary: ByteDictionary?
  private var marks = StateArray<UInt64>(0)
  private var wordsPerGroup = 0
  /// Words of the bitmap at most (2 MiB): beyond, rows go straight to the sets.
  private static let wordsMax = 1 << 18
  /// The first byte of a serialised state: "D".
  static let kind: UInt8 = 0x44

  init(_ type: DataType) throws(ApusError) {
    self.type = type
    form = try KeyForm(type)
  }

  private init(keysOf type: DataType) {
    self.type = type
    form = .bytes
  }

  /// States of values of any type, by their keys: for merging serialised ones.
  static func ofKeys() -> DistinctStates { DistinctStates(keysOf: .bytea) }

  func grow(to count: Int) {
    guard count > groupCount else { return }
    sets.grow(to: count)
    if dictionary != nil {
      if count * wordsPerGroup > Self.wordsMax {
        flush()
      } else {
        marks.grow(to: count * wordsPerGroup)
      }
    }
    groupCount = count
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0)
    if groups == nil, case .constant(let box) = vector.storage {
      _ = try accumulateConstant([box.vector.value(at: 0)], times: 1, group: 0)
      return
    }
    if form == .bytes, case .dictionary(let codes, let width, let dictionary) = vector.storage {
      return addCodes(codes, width, dictionary, vector.validity, count, groups)
    }
    usesSets = true
    let plain = vector.flattened()
    defer { withExtendedLifetime(plain) {} }
    switch form {
    case .word:
      guard let words = ValueKeys.words(plain) else {
        throw .unexpected("count(DISTINCT) of \(type.sqlName) got another type")
      }
      defer { withExtendedLifetime(words) {} }
      sets.insert(integers: words.read(UInt64.self), validity: plain.validity, count: count, groups: groups)
    case .bytes:
      forEachRow(count, plain.validity, groups) { row, group in sets.insert(plain.rawBytes(row), group: group) }
    case .made:
      forEachRow(count, plain.validity, groups) { row, group in
        ValueKeys.bytes(of: plain.value(at: row), type: type)?.withUnsafeBytes { sets.insert($0, group: group) }
      }
    }
  }

  private func addCodes(
    _ codes: Buffer, _ width: Int, _ dictionary: ByteDictionary, _ validity: Bitmap?, _ count: Int,
    _ groups: UnsafePointer<UInt32>?
  ) {
    guard dictionary.count > 0 else { return }
    if self.dictionary !== dictionary {
      flush()
      let words = Bitmap.wordCount(dictionary.count)
      guard groupCount * words <= Self.wordsMax else {
        usesSets = true
        return sets.insert(
          codes: codes, width: width, of: dictionary, validity: validity, count: count, groups: groups)
      }
      self.dictionary = dictionary
      wordsPerGroup = words
      marks = StateArray(0)
      marks.grow(to: groupCount * words)
    }
    switch width {
    case 1: mark(codes.read(UInt8.self), validity, count, groups)
    case 2: mark(codes.read(UInt16.self), validity, count, groups)
    default: mark(codes.read(UInt32.self), validity, count, groups)
    }
  }

  @inline(__always)
  private func mark<T: FixedWidthInteger>(
    _ codes: UnsafePointer<T>, _ validity: Bitmap?, _ count: Int, _ groups: UnsafePointer<UInt32>?
  ) {
    let out = marks.pointer
    let stride = wordsPerGroup
    forEachRow(count, validity, groups) { row, group in
      let code = Int(truncatingIfNeeded: codes[row])
      out[group &* stride &+ code >> 6] |= 1 &<< UInt64(code & 63)
    }
  }

  /// Moves what the bitmap tells to the sets.
  private func flush() {
    guard let dictionary else { return }
    for group in 0..<groupCount where isMarked(group) {
      usesSets = true
      sets.insert(marks: marks.pointer + group * wordsPerGroup, of: dictionary, group: group)
    }
    self.dictionary = nil
    marks = StateArray(0)
    wordsPerGroup = 0
  }

  private func isMarked(_ group: Int) -> Bool {
    for index in 0..<wordsPerGroup where marks[group * wordsPerGroup + index] != 0 { return true }
    return false
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    guard let value = arguments.first else { return false }
    guard !value.isNull, times > 0 else { return true }
    flush()
    usesSets = true
    if form == .word {
      guard let word = ValueKeys.word(of: value) else { return false }
      sets.insert(integer: word, group: group)
    } else {
      ValueKeys.bytes(of: value, type: type)?.withUnsafeBytes { sets.insert($0, group: group) }
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: DistinctStates.self)
    if let shared = other.dictionary {
      if dictionary == nil, !usesSets, groupCount * other.wordsPerGroup <= Self.wordsMax {
        dictionary = shared
        wordsPerGroup = other.wordsPerGroup
        marks = StateArray(0)
        marks.grow(to: groupCount * wordsPerGroup)
      }
      if dictionary === shared {
        for group in 0..<count {
          let (from, to) = (group * wordsPerGroup, Int(mapping[group]) * wordsPerGroup)
          for index in 0..<wordsPerGroup { marks.pointer[to + index] |= other.marks[from + index] }
        }
      } else {
        other.flush()
      }
    }
    guard other.usesSets else { return }
    usesSets = true
    sets.merge(other.sets, mapping: mapping, count: count)
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let buffer = Buffer(byteCount: count * 8)
    let out = buffer.write(Int64.self)
    if usesSets {
      flush()
      for group in 0..<count { out[group] = Int64(sets.count(group)) }
    } else {
      for group in 0..<count {
        var total = 0
        for index in 0..<wordsPerGroup { total &+= marks[group * wordsPerGroup + index].nonzeroBitCount }
        out[group] = Int64(total)
      }
    }
    return Vector(type: .int8, count: count, storage: .int64(buffer))
  }

  func serialise(_ group: Int) -> [UInt8] {
    flush()
    var keys: [[UInt8]] = []
    sets.forEach(group, integers: form == .word) { keys.append(Array($0)) }
    keys.sort { $0.lexicographicallyPrecedes($1) }
    var writer = ByteWriter()
    writer.byte(Self.kind)
    writer.varint(UInt64(keys.count))
    for key in keys {
      writer.varint(UInt64(key.count))
      writer.append(key)
    }
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    flush()
    usesSets = true
    try readState(bytes, version: Self.kind) {
      for _ in 0..<(try $0.varint()) {
        let length = try $0.varint()
        guard length <= UInt64($0.remaining) else { throw ByteReader.Underflow(offset: $0.offset) }
        let key = try $0.take(Int(length))
        if form == .word {
          guard key.count == 8 else { throw ApusError(.dataCorrupted, "distinct key of \(key.count) bytes") }
          sets.insert(
            integer: UInt64(littleEndian: key.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }), group: group)
        } else {
          key.withUnsafeBytes { sets.insert($0, group: group) }
        }
      }
    }
  }

  var byteCount: Int { sets.byteCount + marks.byteCount }
}
