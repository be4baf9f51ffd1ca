// DefaultsCommand owns `apus defaults`: what every option is when nobody sets it.

import ApusBase

enum DefaultsCommand {
  static let usage = """
    usage: apus defaults [--json]

    Prints every option of `apus serve` with its environment variable and its default.

    Example: apus defaults
    Exit codes: 0 success, 2 usage.
    """

  private static var rows: [(flag: String, environment: String, value: String)] {
    let options = ServeOptions()
    // What has no value by default is off.
    return ServeOptions.settable.map { ($0, ServeOptions.variable(of: $0), options.text($0)) }
  }

  static func run(_ arguments: [String]) -> Int32 {
    CommandError.report("defaults", usage: usage) {
      switch arguments {
      case []:
        for row in rows {
          let flag = row.flag.padding(28)
          print("\(flag)\(row.environment.padding(32))\(row.value)")
        }
      case ["--json"]:
        let parts = rows.map {
          "{\"flag\":\(jsonText($0.flag)),\"environment\":\(jsonText($0.environment)),"
            + "\"default\":\(jsonText($0.value))}"
        }
        print("[\(parts.joined(separator: ","))]")
      case ["--help"], ["-h"]: print(usage)
      default: throw CommandError.usage("unknown argument \"\(arguments.joined(separator: " "))\"")
      }
      return 0
    }
  }
}

extension String {
  fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
