// The command line: which command was asked for, and the process's exit code.

import ApusBase
import ApusEngine
import Foundation

@main
struct Main {
  static let usage = """
    usage: apus COMMAND [OPTION ...]

      serve [--data DIR] [OPTION ...]       takes events over HTTP, answers SQL; serve --help lists the options
      repl [--data DIR] [-c SQL] [-f FILE]  a prompt for SQL; repl --help lists the options
      import --table T [OPTION ...] FILE    puts NDJSON or CSV into a table
      demo [--events N] [--rate N]          fills demo_events of a running server
      plugin list|test FILE                 the plugins of this installation, and the test of one
      plan [--config FILE] [OPTION ...]     what a configuration file changes; plan --help lists the options
      apply [--config FILE] [--allow-drop]  makes it so
      config check|dump|schema              checks a file, writes down what is, prints the schema of files
      check --data DIR [--quick] [--json]   every checksum and invariant of a data directory
      defaults [--json]                     the options of serve and their defaults
      version                               the version

    Example: apus check --data ./apus-data
    Exit codes: 0 success, 1 failure, 2 usage, 3 cannot connect.
    """

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "version": print("apus \(apusVersion)")
    case "serve": exit(ServeCommand.run(Array(arguments.dropFirst())))
    case "repl": exit(ReplCommand.run(Array(arguments.dropFirst())))
    case "import": exit(ImportCommand.run(Array(arguments.dropFirst())))
    case "demo": exit(DemoCommand.run(Array(arguments.dropFirst())))
    case "defaults": exit(DefaultsCommand.run(Array(arguments.dropFirst())))
    case "plugin": exit(PluginCommand.run(Array(arguments.dropFirst())))
    case "plan": exit(PlanCommand.run(Array(arguments.dropFirst()), applies: false))
    case "apply": exit(PlanCommand.run(Array(arguments.dropFirst()), applies: true))
    case "config": exit(ConfigCommand.run(Array(arguments.dropFirst())))
    case "check": exit(CheckCommand.run(Array(arguments.dropFirst())))
    case "help", "--help", "-h": print(usage)
    case nil:
      complain(usage)
      exit(2)
    case .some(let command) where planned.contains(command):
      complain("apus: command \"\(command)\" is not built yet (0A000)")
      exit(1)
    case .some(let command):
      complain("apus: unknown command \"\(command)\"\n\n\(usage)")
      exit(2)
    }
  }

  /// Commands of the interface (docs/CONFIG.md) that have nothing behind them yet.
  private static let planned: Set<String> = [
    "export", "backup", "restore",
  ]
}

/// A line for the user on stderr.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
