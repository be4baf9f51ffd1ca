// CheckCommand owns `apus check`: what it is asked, and how it tells what it found.

import ApusBase
import ApusStore

enum CheckCommand {
  static let usage = """
    usage: apus check --data DIR [--quick] [--json]

    Checks a data directory that no server holds: the catalog, every segment and the log, with all their checksums.
      --quick   catalog, footers and the log's structure; not every block
      --json    one JSON object instead of lines

    Example: apus check --data ./apus-data
    Exit codes: 0 sound, 1 damaged or not to be checked, 2 usage.
    """

  /// The exit code.
  static func run(_ arguments: [String]) -> Int32 {
    var directory = "./apus-data"
    var isQuick = false
    var isJSON = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h":
        print(usage)
        return 0
      case "--quick": isQuick = true
      case "--json": isJSON = true
      case "--data":
        guard let value = rest.popFirst() else {
          complain("apus check: --data needs a directory")
          return 2
        }
        directory = value
      default:
        complain("apus check: unknown argument \"\(argument)\"\n\n\(usage)")
        return 2
      }
    }
    do throws(ApusError) {
      let report = try Store.check(directory: directory, quick: isQuick)
      print(isJSON ? json(report) : text(report))
      return report.isSound ? 0 : 1
    } catch {
      complain("apus check: \(error)")
      return 1
    }
  }

  private static func text(_ report: CheckReport) -> String {
    var lines = report.findings.map { "\($0.severity.rawValue): \($0.place): \($0.message)" }
    lines.append(
      "\(report.isSound ? "sound" : "damaged"): \(report.tables) tables, \(report.segments) segments, "
        + "\(report.rows) rows, \(report.logRecords) log records")
    return lines.joined(separator: "\n")
  }

  private static func json(_ report: CheckReport) -> String {
    let findings = report.findings.map { finding in
      "{\"severity\":\(jsonText(finding.severity.rawValue)),\"place\":\(jsonText(finding.place)),"
        + "\"message\":\(jsonText(finding.message))}"
    }
    return "{\"sound\":\(report.isSound),\"tables\":\(report.tables),\"segments\":\(report.segments),"
      + "\"rows\":\(report.rows),\"log_records\":\(report.logRecords),"
      + "\"findings\":[\(findings.joined(separator: ","))]}"
  }
}
