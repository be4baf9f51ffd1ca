// PluginCommand owns `apus plugin`: the list of a directory's plugins, and the test of one.

import ApusBase
import ApusEngine
import Foundation

enum PluginCommand {
  static let usage = """
    usage: apus plugin list [--plugin-dir DIR]
           apus plugin test FILE [--option KEY=VALUE ...]

    list shows every plugin that CREATE EXTENSION can load. test loads one, checks what it says of itself, and calls
    each function with no rows, with nulls and with many rows; with the options of a server it makes a table in a
    storage backend, fills it, asks it and drops it again. A plugin that crashes takes the test with it.
      --plugin-dir DIR     where plugins are (APUS_PLUGIN_DIR, else plugins beside the binary)
      --option KEY=VALUE   an option as of CREATE SERVER; may be repeated

    Example: apus plugin test ./libsqlite.so --option path=/tmp/scratch.db
    Exit codes: 0 success, 1 failure, 2 usage.
    """

  static func run(_ arguments: [String]) -> Int32 {
    CommandError.report("plugin", usage: usage) {
      var reader = ArgumentReader(arguments)
      switch reader.next() {
      case "list": return try list(&reader)
      case "test": return try test(&reader)
      case "--help", "-h", "help":
        print(usage)
        return 0
      case nil: throw CommandError.usage("needs list or test")
      case .some(let word): throw CommandError.usage("unknown command \"\(word)\"")
      }
    }
  }

  private static func list(_ reader: inout ArgumentReader) throws -> Int32 {
    var directory: String?
    while let argument = reader.next() {
      switch argument {
      case "--plugin-dir": directory = try reader.value(of: argument)
      case "--help", "-h":
        print(usage)
        return 0
      default: throw CommandError.usage("unknown argument \"\(argument)\"")
      }
    }
    let plugins = PluginTools(directory: directory)
    let found = try plugins.list()
    var rows = [["name", "version", "abi", "kinds", "threading", "file"]]
    for plugin in found.loaded {
      rows.append([
        plugin.name, plugin.version, plugin.abi, plugin.kinds.joined(separator: ", "), plugin.threading, plugin.file,
      ])
    }
    print(found.loaded.isEmpty ? "no plugins in \(plugins.directory)" : aligned(rows))
    for failure in found.failures { complain("apus plugin: \(failure)") }
    return found.failures.isEmpty ? 0 : 1
  }

  private static func test(_ reader: inout ArgumentReader) throws -> Int32 {
    var file: String?
    var options: [String: String] = [:]
    while let argument = reader.next() {
      switch argument {
      case "--option":
        let text = try reader.value(of: argument)
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
          throw CommandError.usage("--option is \"\(text)\", but takes KEY=VALUE")
        }
        options[String(text[..<sign])] = String(text[text.index(after: sign)...])
      case "--help", "-h":
        print(usage)
        return 0
      default:
        guard !argument.hasPrefix("-"), file == nil else {
          throw CommandError.usage("unknown argument \"\(argument)\"")
        }
        file = argument
      }
    }
    guard let file else { throw CommandError.usage("test needs a file") }
    let checks = PluginTools.test(file: file, options: options)
    print(aligned([["", "subject", "check", "note"]] + checks.map { [$0.outcome, $0.subject, $0.name, $0.note] }))
    let failed = checks.filter { $0.outcome == "failed" }.count
    print("\(checks.count) checks, \(failed) failed")
    return failed == 0 ? 0 : 1
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, text) in row.enumerated() {
        line += column == row.count - 1 ? text : text + String(repeating: " ", count: widths[column] - text.count + 2)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
