// The binding of INSERT, DELETE, COPY, types and expressions on their own.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusSyntax
import Testing

@Suite struct `Changes` {
  private let catalog = TestCatalog()

  private func insert(_ sql: String) throws -> BoundInsert {
    guard let statement = try Parser.parse(sql).first, case .insert(let insert) = statement.root else {
      throw ApusError.unexpected("not an INSERT")
    }
    return try Binder.bind(insert: insert, in: statement, catalog: catalog)
  }

  @Test func `INSERT gives every stored column in order, defaults filled in`() throws {
    let bound = try insert("insert into users(name, id) values ('a', 1), ('b', default)")
    #expect(bound.columns.map(\.name) == ["id", "name", "score", "born", "tags", "amount", "small", "big", "code"])
    let plan = try Optimiser.optimise(bound.plan, functions: catalog.functions, context: catalog.context)
    guard case .values(let rows, _) = plan else {
      Issue.record("not VALUES")
      return
    }
    #expect(rows[0][0] == .literal(.int(1), .int4))
    #expect(rows[0][1] == .literal(.text("a"), .text))
    #expect(rows[0][7] == .literal(.int(7), .int8))
    #expect(rows[1][0] == .literal(.null, .int4))
  }

  @Test func `RETURNING sees generated columns`() throws {
    let bound = try insert("insert into events(time, event, user_id) values (now(), 'x', 'u') returning distinct_id, *")
    #expect(bound.returning?.fields.count == 11)
    #expect(bound.columns.count == 9)
    if case .coalesce? = bound.returning?.expressions.first {} else { Issue.record("distinct_id is not expanded") }
  }

  @Test func `COPY checks its columns`() throws {
    let name = QualifiedName(name: "events")
    let bound = try Binder.bind(copy: name, columns: ["event", "time"], isFrom: true, catalog: catalog)
    #expect(bound.columns.map(\.name) == ["event", "time"])
    #expect(bound.defaults.count == 7)
    func state(_ columns: [String]) -> String? {
      do {
        _ = try Binder.bind(copy: name, columns: columns, isFrom: true, catalog: catalog)
        return nil
      } catch { return error.state.code }
    }
    #expect(state(["nope"]) == "42703")
    #expect(state(["event", "event"]) == "42701")
    #expect(state(["distinct_id"]) == "42P10")
  }

  @Test func `DELETE gives the numbers of its rows`() throws {
    guard let statement = try Parser.parse("delete from users u where u.code = 'x'").first,
      case .delete(let delete) = statement.root
    else { return }
    let bound = try Binder.bind(delete: delete, in: statement, catalog: catalog)
    #expect(bound.columns.count == 9)
    #expect(bound.returning == nil && !bound.mayRepeat)
    #expect(bound.plan(over: bound.table).fields.map(\.type) == [.int8])
  }

  @Test func `an expression on its own is cast to its column`() throws {
    let value = try Binder.bindExpression("1 + 2", columns: [], as: TypeReference(.int8), catalog: catalog)
    #expect(Optimiser.optimise(value, context: catalog.context) == .literal(.int(3), .int8))
    #expect(throws: ApusError.self) {
      try Binder.bindExpression("true", columns: [], as: TypeReference(.date), name: "d", catalog: catalog)
    }
    let filter = try Binder.bindExpression(
      "event = 'debug'", columns: TestCatalog.events.columns.filter { $0.generatedText == nil }, catalog: catalog)
    #expect(filter.type == .bool)
  }

  @Test func `types are resolved with their modifiers`() throws {
    func type(_ name: String) throws -> TypeReference {
      guard let statement = try Parser.parse("create table t (x \(name))").first,
        case .createTable(let table) = statement.root, let type = table.columns.first?.type
      else { throw ApusError.unexpected("no type") }
      return try TypeResolver.resolve(type, in: statement.arena)
    }
    #expect(try type("int") == TypeReference(.int4))
    #expect(try type("double precision") == TypeReference(.float8))
    #expect(try type("varchar(10)") == TypeReference(.varchar, modifier: 14))
    #expect(try type("numeric(12,2)") == TypeReference(.numeric, modifier: (12 << 16 | 2) + 4))
    #expect(try type("timestamp with time zone") == TypeReference(.timestamptz))
    #expect(try type("text[]") == TypeReference(.array(.text)))
    #expect(try type("character(3)") == TypeReference(.bpchar, modifier: 7))
    #expect(throws: ApusError.self) { try type("serial") }
    #expect(throws: ApusError.self) { try type("nope") }
  }
}

@Suite struct `Parameters` {
  @Test func `get their types from what they meet`() throws {
    let bound = try bind("select id from users where name = $1 and score > $2 and big in ($3) limit $4")
    #expect(bound.parameterTypes == [.text, .float8, .int8, .int8])
  }

  @Test func `given types are kept, and undecided ones are text`() throws {
    #expect(try bind("select $1", parameterTypes: [.int4]).fields[0].type == .int4)
    #expect(try bind("select $1, $2 is null").parameterTypes == [.text, .text])
    #expect(try bind("insert into users(id, amount) values ($1, $2)").parameterTypes == [.int4, .numeric])
  }
}
