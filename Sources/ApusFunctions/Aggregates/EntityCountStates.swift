// EntityCountStates owns exact unique counts of entities by their ids: what count(DISTINCT x) becomes for columns of a
// table's entity ids, and the states that rollups keep of it.

import ApusBase
import ApusColumns
import ApusSketches

/// `count_entities(id int4 [, value text])`: how many entities there are. Rows whose id is null count for nothing; an
/// id from 0 up stands for one value; -1 stands for a value that has no id and is told apart by its text. The optimiser
/// puts it in the place of count(DISTINCT value); no name leads to it.
public enum EntityCount {
  public static let name = "count_entities"
  /// The id of values that have none.
  public static let noID: Int32 = -1

  public static let function = AggregateFunction(
    name, parameters: [.exact(.int4), .exact(.text)], result: .exact(.int8), emptyIsNull: false, ignoresDuplicates: true
  ) { (_, _) throws(ApusError) -> any AggregateStates in EntityCountStates() }
}

final class EntityCountStates: AggregateStates {
  /// The first byte of a state.
  static let kind: UInt8 = 0x45
  private static let version: UInt8 = 1

  private let ids = EntitySets()
  /// Values without id; nil while there are none.
  private var texts: DistinctSets?
  private var groupCount = 0
  /// Large states that were each the first of their group, with the number of their members: most groups of a rollup
  /// have one only, which need not be taken apart.
  private var waiting: [Int: (bytes: [UInt8], members: Int)] = [:]

  func grow(to count: Int) {
    guard count > groupCount else { return }
    groupCount = count
    ids.grow(to: count)
    texts?.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    try takeApart()
    let argument = try Vector.argument(arguments, 0)
    if groups == nil, case .constant(let box) = argument.storage {
      guard arguments.count < 2 || box.vector.value(at: 0) != .int(Int64(EntityCount.noID)) else {
        return try addTexts(argument.flattened(), try Vector.argument(arguments, 1), count, nil)
      }
      _ = try accumulateConstant([box.vector.value(at: 0)], times: 1, group: 0)
      return
    }
    let vector = argument.unwrapped
    defer { withExtendedLifetime(vector) {} }
    guard case .int32(let buffer) = vector.storage else {
      throw .unexpected("\(EntityCount.name) got \(vector.type.sqlName)")
    }
    if ids.insert(buffer.read(Int32.self), validity: vector.validity, count: count, groups: groups) {
      guard arguments.count > 1 else { throw Self.textMissing }
      try addTexts(vector, arguments[1], count, groups)
    }
  }

  private static var textMissing: ApusError {
    .unexpected("\(EntityCount.name) met a value without id and was not given its text")
  }

  private func allTexts() -> DistinctSets {
    if let texts { return texts }
    let made = DistinctSets()
    made.grow(to: groupCount)
    texts = made
    return made
  }

  private func addTexts(
    _ vector: Vector, _ values: Vector, _ count: Int, _ groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    guard case .int32(let buffer) = vector.storage else { return }
    let numbers = buffer.read(Int32.self)
    let sets = allTexts()
    var isMissing = false
    withExtendedLifetime(values) {
      forEachRow(count, vector.validity, groups) { row, group in
        guard numbers[row] < 0 else { return }
        if values.isNull(row) { isMissing = true } else { sets.insert(values.rawBytes(row), group: group) }
      }
    }
    if isMissing { throw Self.textMissing }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    guard times > 0 else { return true }
    try takeApart()
    switch arguments.first {
    case .null: return true
    case .int(let id) where id >= 0 && id <= Int64(EntitySets.idMax):
      ids.insert(UInt32(truncatingIfNeeded: id), group)
      return true
    case .int:
      guard arguments.count > 1, case .text(let text) = arguments[1] else { throw Self.textMissing }
      Array(text.utf8).withUnsafeBytes { allTexts().insert($0, group: group) }
      return true
    default: return false
    }
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: EntityCountStates.self)
    try merge(other, mapping: mapping, count: count)
  }

  func merge(_ other: EntityCountStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    try takeApart()
    try other.takeApart()
    ids.merge(other.ids, mapping: mapping, count: count)
    if let theirs = other.texts { allTexts().merge(theirs, mapping: mapping, count: count) }
  }

  func count(_ group: Int) -> Int64 {
    if let whole = waiting[group] { return Int64(whole.members) }
    return Int64(ids.count(group)) + Int64(texts?.count(group) ?? 0)
  }

  /// Merges what waits.
  private func takeApart() throws(ApusError) {
    guard !waiting.isEmpty else { return }
    let states = waiting
    waiting = [:]
    for (group, state) in states { try mergeNow(state.bytes, into: group) }
  }

  private func mergeNow(_ bytes: [UInt8], into group: Int) throws(ApusError) {
    do {
      try bytes.withUnsafeBytes { try mergeNow($0, into: group) }
    } catch {
      throw .wrapping(error)
    }
  }

  /// Whether the state can stand for its group as it is: it is the first, large, and has no texts.
  private func canWait(_ bytes: UnsafeRawBufferPointer, _ group: Int) throws(ApusError) -> Bool {
    guard waiting[group] == nil, ids.isEmpty(group), texts == nil,
      let stated = try EntitySets.stated(serialised: bytes, from: 2), stated.end + 1 == bytes.count,
      bytes[stated.end] == 0
    else { return false }
    waiting[group] = (Array(bytes), stated.members)
    return true
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let buffer = Buffer(byteCount: count * 8)
    let out = buffer.write(Int64.self)
    for group in 0..<count { out[group] = self.count(group) }
    return Vector(type: .int8, count: count, storage: .int64(buffer))
  }

  /// Kind, version, the ids (`EntitySets.serialise`), the number of texts, and each text, ascending, with its length
  /// before it; numbers are varints. Equal sets give equal bytes.
  func serialise(_ group: Int) -> [UInt8] {
    if let whole = waiting[group] { return whole.bytes }
    var writer = ByteWriter()
    writer.byte(Self.kind)
    writer.byte(Self.version)
    ids.serialise(group, into: &writer)
    var keys: [[UInt8]] = []
    texts?.forEach(group, integers: false) { keys.append(Array($0)) }
    keys.sort { $0.lexicographicallyPrecedes($1) }
    writer.varint(UInt64(keys.count))
    for key in keys {
      writer.varint(UInt64(key.count))
      writer.append(key)
    }
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    guard bytes.count >= 2, bytes[0] == Self.kind else {
      throw ApusError(.dataCorrupted, "a state of unique counts is not one")
    }
    guard bytes[1] == Self.version else {
      throw ApusError(.dataCorrupted, "a state of unique counts has the unknown version \(bytes[1])")
    }
    if try canWait(bytes, group) { return }
    if let first = waiting.removeValue(forKey: group) { try mergeNow(first.bytes, into: group) }
    try mergeNow(bytes, into: group)
  }

  private func mergeNow(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    let end = try ids.merge(serialised: bytes, from: 2, into: group)
    if end + 1 == bytes.count, bytes[end] == 0 { return }
    do {
      var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[end...]))
      for _ in 0..<(try reader.varint()) {
        let length = Int(clamping: try reader.varint())
        let start = end + reader.offset
        try reader.skip(length)
        allTexts().insert(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]), group: group)
      }
      guard reader.isAtEnd else { throw ApusError(.dataCorrupted, "a state of unique counts has bytes left over") }
    } catch let error as ApusError {
      throw error
    } catch {
      throw ApusError(.dataCorrupted, "a state of unique counts ends early")
    }
  }

  var byteCount: Int {
    ids.byteCount + (texts?.byteCount ?? 0) + waiting.reduce(0) { $0 + $1.value.bytes.count + 48 }
  }
}
