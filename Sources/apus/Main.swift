// The command line. Only `version` is there yet; every other command says so and fails.

import ApusBase
import Glibc

@main
struct Main {
  static let version = "0.1.0"

  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "version":
      print("apus \(version)")
    case nil, "help", "--help", "-h":
      print("usage: apus version\n\nOther commands are not built yet. Example:\n  apus version")
      exit(arguments.isEmpty ? 2 : 0)
    case .some(let command):
      Log.error("apus", "command \"\(command)\" is not built yet", ["state": SQLState.featureNotSupported.code])
      exit(1)
    }
  }
}
