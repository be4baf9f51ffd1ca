// psql's own queries behind \d and its kin must bind, with the columns that PostgreSQL 15 gives.

import ApusBase
import ApusColumns
import ApusPlan
import Testing

@Suite struct `Catalog queries of psql` {
  @Test func `each binds and optimises, and gives PostgreSQL's columns`() {
    let catalog = TestCatalog(pgCatalog: true)
    var differences: [String] = []
    for line in TestData.lines("psql.tsv") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      do {
        let bound = try bind(parts[0], catalog: catalog)
        let columns = bound.fields.map { "\($0.name):\($0.type.oid)" }.joined(separator: ",")
        if columns != parts[1] { differences.append("\(parts[0])\n   wanted \(parts[1])\n   got \(columns)") }
        let plan = try Optimiser.optimise(bound.plan, functions: catalog.functions, context: catalog.context)
        #expect(plan.fields.map(\.type) == bound.fields.map(\.type))
        #expect(!ExplainPrinter.lines(plan).isEmpty)
      } catch {
        differences.append("\(parts[0])\n   \(error) at \(ApusError.wrapping(error).position ?? 0)")
      }
    }
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }
}
