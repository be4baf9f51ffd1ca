// The catalog relations that psql's describe commands read.

import ApusColumns
import ApusPlan

enum CatalogTables {
  static let all: [TableSchema] = []
}
