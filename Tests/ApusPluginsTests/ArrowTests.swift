// Vectors to Arrow arrays and back.

import ApusBase
import ApusColumns
import CApusABI
import Testing

@Suite struct `Arrow data` {
  private static let types: [DataType] = [
    .bool, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .varchar, .bytea, .uuid, .jsonb, .json, .date, .time,
    .timestamp, .timestamptz, .interval, .oid, .array(.int8), .array(.text),
  ]

  private func value(_ type: DataType, _ index: Int) -> Value {
    switch type {
    case .bool: .bool(index % 3 == 0)
    case .int2, .int4, .int8, .oid, .time: .int(Int64(index))
    case .date, .timestamp, .timestamptz: .int(Int64(index) - 20_000)
    case .float4, .float8: .float(Double(index) / 2)
    case .numeric: .numeric(Numeric(Int64(index) - 50, scale: 3))
    case .bytea: .bytes([0, UInt8(index % 256)])
    case .uuid: .uuid(UUIDValue(high: 0x0123_4567_89AB_CDEF, low: UInt64(index)))
    case .json, .jsonb: .text("{\"a\": \(index)}")
    case .interval: .interval(Interval(months: 1, days: -2, microseconds: Int64(index)))
    case .array(let element): .array([value(element, index), value(element, index + 1)])
    default: .text("wert \(index)")
    }
  }

  private func roundTrip(_ vector: Vector) throws -> Vector {
    var schema = try Arrow.schema([(name: "c", type: TypeReference(vector.type), isNullable: true)])
    defer { Arrow.release(&schema) }
    let export = try ArrowExport([vector], count: vector.count)
    let fields = try ArrowField.fields(&schema)
    #expect(fields[0].type.type == vector.type)
    let batch = try ArrowField.batch(export.batch, fields: fields)
    withExtendedLifetime(export) {}
    return batch.columns[0]
  }

  @Test(arguments: types) func `of every type comes back`(type: DataType) throws {
    for count in [0, 1, 7, 64, 65, 1000] {
      let values = (0..<count).map { $0 % 5 == 3 ? Value.null : value(type, $0) }
      let vector = Vector.of(values, type: type)
      let back = try roundTrip(vector)
      #expect((0..<count).map { back.value(at: $0) } == values, "\(type), \(count)")
      if count == 1000 {
        let slice = try roundTrip(vector.slice(13..<700))
        #expect((0..<slice.count).map { slice.value(at: $0) } == Array(values[13..<700]), "\(type), sliced")
      }
    }
    let constant = try roundTrip(.constant(value(type, 4), type: type, count: 9))
    #expect(constant.count == 9 && constant.value(at: 8) == value(type, 4))
  }

  @Test func `keeps infinities and moves the epoch`() throws {
    let times = Vector.of([.int(.max), .int(.min), .int(0), .int(-1)], type: .timestamptz)
    let export = try ArrowExport([times], count: 4)
    let raw = try #require(export.batch.pointee.children?[0]?.pointee.buffers?[1])
    let values = (0..<4).map { raw.load(fromByteOffset: $0 * 8, as: Int64.self) }
    #expect(values == [.max, .min, 946_684_800_000_000, 946_684_799_999_999])
    withExtendedLifetime(export) {}
    let back = try roundTrip(times)
    #expect((0..<4).map { back.value(at: $0) } == (0..<4).map { times.value(at: $0) })
    // 294276 AD does not fit microseconds since 1970.
    let late = Vector.of([.int(9_223_371_331_199_999_999)], type: .timestamp)
    #expect(throws: ApusError.self) { _ = try ArrowExport([late], count: 1) }
  }

  @Test func `that is broken is an error`() throws {
    var schema = try Arrow.schema([(name: "c", type: TypeReference(.text), isNullable: true)])
    defer { Arrow.release(&schema) }
    let fields = try ArrowField.fields(&schema)
    func broken(_ change: (UnsafeMutablePointer<ArrowArray>) -> Void) throws -> ApusError? {
      let export = try ArrowExport([Vector.of([.text("ab"), .null, .text("c")], type: .text)], count: 3)
      defer { withExtendedLifetime(export) {} }
      let child = try #require(export.batch.pointee.children?[0])
      change(child)
      do {
        _ = try ArrowField.batch(export.batch, fields: fields)
        return nil
      } catch { return error as? ApusError }
    }
    #expect(try broken { _ in } == nil)
    #expect(try broken { $0.pointee.release = nil } != nil)
    #expect(try broken { $0.pointee.length = 2 } != nil)
    #expect(try broken { $0.pointee.length = -1 } != nil)
    #expect(try broken { $0.pointee.offset = -1 } != nil)
    #expect(try broken { $0.pointee.null_count = 0 } == nil)
    #expect(try broken { $0.pointee.null_count = 2 } != nil)
    #expect(try broken { $0.pointee.null_count = 4 } != nil)
    #expect(try broken { $0.pointee.n_buffers = 2 } != nil)
    #expect(try broken { $0.pointee.buffers = nil } != nil)
    #expect(try broken { $0.pointee.buffers[0] = nil } != nil)
    #expect(try broken { $0.pointee.buffers[1] = nil } != nil)
    #expect(try broken { $0.pointee.buffers[2] = nil } != nil)
    #expect(
      try broken { array in
        UnsafeMutableRawPointer(mutating: array.pointee.buffers[1])?.storeBytes(of: 7, toByteOffset: 4, as: Int32.self)
      } != nil)
  }

  @Test func `in formats that others write is read`() throws {
    func read(_ format: String, _ type: DataType, _ bytes: [UInt8], count: Int) throws -> [Value] {
      var name = Array("c".utf8CString)
      var text = Array(format.utf8CString)
      return try name.withUnsafeMutableBufferPointer { name in
        try text.withUnsafeMutableBufferPointer { text in
          var schema = ArrowSchema()
          schema.format = UnsafePointer(text.baseAddress)
          schema.name = UnsafePointer(name.baseAddress)
          schema.release = { $0?.pointee.release = nil }
          let field = try ArrowField(&schema, as: type)
          let data = Buffer(copying: bytes)
          let list = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: 2)
          defer { list.deallocate() }
          list[0] = nil
          list[1] = UnsafeRawPointer(data.address)
          var array = ArrowArray()
          array.length = Int64(count)
          array.n_buffers = 2
          array.buffers = list
          array.release = { $0?.pointee.release = nil }
          let vector = try field.vector(&array)
          withExtendedLifetime(data) {}
          return (0..<count).map { vector.value(at: $0) }
        }
      }
    }
    #expect(try read("c", .int8, [255, 2], count: 2) == [.int(-1), .int(2)])
    #expect(try read("C", .int2, [255, 2], count: 2) == [.int(255), .int(2)])
    #expect(try read("l", .numeric, [5, 0, 0, 0, 0, 0, 0, 0], count: 1) == [.numeric(Numeric(Int64(5)))])
    let decimal = [0x39, 0x30] + Array(repeating: UInt8(0), count: 14)
    #expect(try read("d:10,2", .numeric, decimal, count: 1) == [.numeric(try Numeric(text: "123.45"))])
    #expect(
      try read("tss:UTC", .timestamptz, [0x80, 0x43, 0x6D, 0x38, 0, 0, 0, 0], count: 1) == [.int(0)])
    #expect(throws: ApusError.self) { _ = try read("l", .int4, [0, 0, 0, 0, 0, 0, 0, 0], count: 1) }
    #expect(throws: ApusError.self) { _ = try read("g", .text, [0, 0, 0, 0, 0, 0, 0, 0], count: 1) }
    #expect(
      throws: ApusError.self,
      performing: { _ = try read("tss:", .timestamp, Array(repeating: 0x7E, count: 8), count: 1) }
    )
  }
}
