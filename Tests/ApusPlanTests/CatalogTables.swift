// The catalog relations that psql's describe commands read, with PostgreSQL 15's columns.

import ApusBase
import ApusColumns
import ApusPlan

enum CatalogTables {
  static let all: [TableSchema] = {
    var types: [String: DataType] = [:]
    for type in DataType.all {
      types[type.catalogName] = type
      types["_" + type.catalogName] = .array(type)
    }
    return TestData.lines("catalog.txt").map { line in
      let parts = line.split(separator: " ").map(String.init)
      let columns = parts[2].split(separator: ",").enumerated().map { index, column in
        let halves = column.split(separator: ":").map(String.init)
        return TableColumn(
          id: ColumnID(UInt32(index + 1)), name: halves[0], type: TypeReference(types[halves[1]] ?? .text))
      }
      return TableSchema(oid: OID(parts[1]) ?? 0, schema: "pg_catalog", name: parts[0], columns: columns)
    }
  }()
}
