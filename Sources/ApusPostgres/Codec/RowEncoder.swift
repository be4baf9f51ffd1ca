// RowEncoder owns the turning of batches into DataRow messages: how a column is written is decided once a batch, then
// rows are written in one loop over plain memory.

import ApusBase
import ApusColumns
import ApusPlan

/// Writes rows of fixed columns and formats.
struct RowEncoder {
  private let formats: [WireFormat]
  private let settings: FormatSettings
  /// UTC offset of timestamps with time zone, where it never changes.
  private let fixedOffset: Int64?
  private static let rowBytesMax = Int(Int32.max) - 1024

  /// `formats` has one entry a column.
  init(formats: [WireFormat], settings: FormatSettings) {
    self.formats = formats
    self.settings = settings
    fixedOffset = settings.timeZone.fixedOffset
  }

  /// A batch made ready: dense, in layouts that the row loop knows.
  struct Prepared {
    let vectors: [Vector]
    let count: Int
    fileprivate let writers: [ColumnWriter]
  }

  func prepare(_ batch: Batch) -> Prepared {
    let dense = batch.compacted()
    let vectors = dense.columns.map { vector in
      switch vector.storage {
      case .constant, .shredded: vector.flattened()
      default: vector
      }
    }
    var writers: [ColumnWriter] = []
    for (index, vector) in vectors.enumerated() {
      let format = index < formats.count ? formats[index] : .text
      writers.append(ColumnWriter(vector, format, fixedOffset: fixedOffset))
    }
    return Prepared(vectors: vectors, count: dense.count, writers: writers)
  }

  /// Appends rows from `start` until `limit` or until `bytesMax` bytes have been written, at least one. The result is
  /// the next row to write. After an error the buffer ends with the last whole row.
  func encode(
    _ prepared: Prepared, from start: Int, to limit: Int, bytesMax: Int, into out: inout OutputBuffer
  ) throws(ApusError) -> Int {
    let stop = out.count &+ bytesMax
    var row = start
    var scratch: [UInt8] = []
    let columns = prepared.writers.count
    var cache = DayCache()
    while row < limit {
      let begin = out.count
      let message = out.beginMessage("D")
      out.put(bigEndian: Int16(truncatingIfNeeded: columns))
      for column in 0..<columns {
        let writer = prepared.writers[column]
        if writer.isNull(row) {
          out.put(bigEndian: Int32(-1))
        } else if writer.write(row, &cache, into: &out) {
          continue
        } else {
          do throws(ApusError) {
            try slow(prepared.vectors[column], row, writer.format, &scratch, into: &out)
          } catch {
            out.truncate(to: begin)
            throw error
          }
        }
      }
      guard out.count &- begin < Self.rowBytesMax else {
        out.truncate(to: begin)
        throw ApusError(.programLimitExceeded, "a row has more than \(Self.rowBytesMax) bytes")
      }
      out.endMessage(message)
      row &+= 1
      if out.count >= stop { break }
    }
    return row
  }

  @inline(never)
  private func slow(
    _ vector: Vector, _ row: Int, _ format: WireFormat, _ scratch: inout [UInt8], into out: inout OutputBuffer
  ) throws(ApusError) {
    scratch.removeAll(keepingCapacity: true)
    switch format {
    case .text: try TextFormat.output(vector, row: row, settings: settings, into: &scratch)
    case .binary: try BinaryFormat.output(vector, row: row, into: &scratch)
    }
    out.put(bigEndian: Int32(truncatingIfNeeded: scratch.count))
    out.put(scratch)
  }
}

/// How one column of one batch is written. Plain memory: the vector it looks into outlives it.
private struct ColumnWriter {
  enum Kind: UInt8 {
    case int16Text, int32Text, int64Text, boolText, float64Text, dateText, timestampText
    case int16Binary, word32Binary, word64Binary, oidBinary, boolBinary, uuidBinary
    case bytes, versionedBytes, codes8, codes16, codes32, versionedCodes8, versionedCodes16, versionedCodes32
    /// Through TextFormat or BinaryFormat.
    case slow
  }
  var kind = Kind.slow
  let format: WireFormat
  private var validity: UnsafePointer<UInt64>?
  /// What the pointers say before a layout is set.
  private static let nothing = Buffer.zeroed(byteCount: 64)
  private var values = UnsafeRawPointer(nothing.address)
  private var offsets = nothing.read(Int32.self)
  private var data = UnsafeRawPointer(nothing.address)
  private var hasZone = false
  private var zoneOffset: Int64 = 0

  init(_ vector: Vector, _ format: WireFormat, fixedOffset: Int64?) {
    self.format = format
    validity = vector.validity?.words.read(UInt64.self)
    let isText = format == .text
    switch vector.storage {
    case .bool(let bits): set(isText ? .boolText : .boolBinary, bits.words)
    case .int16(let buffer): set(isText ? .int16Text : .int16Binary, buffer)
    case .int32(let buffer): set(isText ? (vector.type == .date ? .dateText : .int32Text) : .word32Binary, buffer)
    case .int64(let buffer): setInt64(buffer, vector.type, isText, fixedOffset)
    case .float32(let buffer): set(isText ? .slow : .word32Binary, buffer)
    case .float64(let buffer): set(isText ? .float64Text : .word64Binary, buffer)
    case .uuid(let buffer): set(isText ? .slow : .uuidBinary, buffer)
    case .bytes(let offsets, let data): setBytes(vector.type, isText, offsets, data)
    case .dictionary(let codes, let width, let dictionary):
      if dictionary.count == 0 { return }
      setBytes(vector.type, isText, dictionary.offsets, dictionary.data)
      guard kind != .slow else { return }
      let versioned = kind == .versionedBytes
      switch width {
      case 1: kind = versioned ? .versionedCodes8 : .codes8
      case 2: kind = versioned ? .versionedCodes16 : .codes16
      default: kind = versioned ? .versionedCodes32 : .codes32
      }
      values = UnsafeRawPointer(codes.address)
    case .interval, .list, .constant, .shredded: return
    }
  }

  private mutating func set(_ kind: Kind, _ buffer: Buffer) {
    self.kind = kind
    values = UnsafeRawPointer(buffer.address)
  }

  private mutating func setInt64(_ buffer: Buffer, _ type: DataType, _ isText: Bool, _ fixedOffset: Int64?) {
    switch type {
    case .int8: set(isText ? .int64Text : .word64Binary, buffer)
    case .oid, .xid: set(isText ? .int64Text : .oidBinary, buffer)
    case .timestamp: set(isText ? .timestampText : .word64Binary, buffer)
    case .timestamptz:
      if isText {
        guard let fixedOffset else { return set(.slow, buffer) }
        set(.timestampText, buffer)
        zoneOffset = fixedOffset
        hasZone = true
      } else {
        set(.word64Binary, buffer)
      }
    case .time: set(isText ? .slow : .word64Binary, buffer)
    default: set(isText ? .slow : .oidBinary, buffer)
    }
  }

  private mutating func setBytes(_ type: DataType, _ isText: Bool, _ offsets: Buffer, _ data: Buffer) {
    switch type {
    case .numeric, .aggregateState, .record, .aclitem, .void: return
    case .bytea where isText: return
    case .char where !isText: return
    case .jsonb where !isText: kind = .versionedBytes
    default: kind = .bytes
    }
    self.offsets = offsets.read(Int32.self)
    self.data = UnsafeRawPointer(data.address)
  }

  @inline(__always)
  func isNull(_ row: Int) -> Bool {
    guard let validity else { return false }
    return validity[row >> 6] & (1 &<< UInt64(row & 63)) == 0
  }

  @inline(__always)
  private func load<T: BitwiseCopyable>(_ row: Int, _: T.Type) -> T {
    values.load(fromByteOffset: row &* MemoryLayout<T>.stride, as: T.self)
  }

  /// Writes the length and the value; false when it takes the slow way.
  @inline(__always)
  func write(_ row: Int, _ cache: inout DayCache, into out: inout OutputBuffer) -> Bool {
    switch kind {
    case .bytes: putBytes(row, into: &out)
    case .codes8: putBytes(Int(load(row, UInt8.self)), into: &out)
    case .codes16: putBytes(Int(load(row, UInt16.self)), into: &out)
    case .codes32: putBytes(Int(load(row, UInt32.self)), into: &out)
    case .int64Text: out.putDecimalValue(load(row, Int64.self))
    case .int32Text: out.putDecimalValue(Int64(load(row, Int32.self)))
    case .int16Text: out.putDecimalValue(Int64(load(row, Int16.self)))
    case .float64Text: return out.putFloatValue(load(row, Double.self))
    case .timestampText: return out.putTimestampValue(load(row, Int64.self), zoneOffset, hasZone, &cache)
    case .dateText: return out.putDateValue(load(row, Int32.self), &cache)
    case .boolText, .boolBinary:
      let bit = load(row >> 6, UInt64.self) & (1 &<< UInt64(row & 63)) != 0
      out.put(bigEndian: Int32(1))
      out.put(kind == .boolText ? (bit ? 116 : 102) : (bit ? 1 : 0))
    case .int16Binary:
      out.put(bigEndian: Int32(2))
      out.put(bigEndian: load(row, Int16.self))
    case .word32Binary:
      out.put(bigEndian: Int32(4))
      out.put(bigEndian: load(row, Int32.self))
    case .word64Binary:
      out.put(bigEndian: Int32(8))
      out.put(bigEndian: load(row, Int64.self))
    case .oidBinary:
      out.put(bigEndian: Int32(4))
      out.put(bigEndian: UInt32(truncatingIfNeeded: load(row, Int64.self)))
    case .uuidBinary:
      let value = load(row, UUIDValue.self)
      out.put(bigEndian: Int32(16))
      out.put(bigEndian: value.high)
      out.put(bigEndian: value.low)
    case .versionedBytes: putVersioned(row, into: &out)
    case .versionedCodes8: putVersioned(Int(load(row, UInt8.self)), into: &out)
    case .versionedCodes16: putVersioned(Int(load(row, UInt16.self)), into: &out)
    case .versionedCodes32: putVersioned(Int(load(row, UInt32.self)), into: &out)
    case .slow: return false
    }
    return true
  }

  @inline(__always)
  private func slice(_ index: Int) -> UnsafeRawBufferPointer {
    let start = Int(offsets[index])
    return UnsafeRawBufferPointer(start: data + start, count: Int(offsets[index &+ 1]) &- start)
  }

  @inline(__always)
  private func putBytes(_ index: Int, into out: inout OutputBuffer) {
    let raw = slice(index)
    out.put(bigEndian: Int32(truncatingIfNeeded: raw.count))
    out.put(raw)
  }

  /// jsonb's binary form: a version byte, then the text.
  @inline(__always)
  private func putVersioned(_ index: Int, into out: inout OutputBuffer) {
    let raw = slice(index)
    out.put(bigEndian: Int32(truncatingIfNeeded: raw.count &+ 1))
    out.put(1)
    out.put(raw)
  }
}
