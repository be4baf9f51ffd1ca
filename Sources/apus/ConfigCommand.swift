// ConfigCommand owns `apus config`: a file checked, the running state written down, the schema of files.

import ApusBase
import ApusEngine
import Foundation

enum ConfigCommand {
  static let usage = """
    usage: apus config check [FILE]
           apus config dump [--data DIR | --connect URL]
           apus config schema

    check reads a configuration file (APUS_CONFIG, ./apus.yaml or /etc/apus/apus.yaml unless one is named) and tells
    every problem with its line and column; apus plan checks it against what is there. dump writes the running state as
    a file, which plan finds no change in. schema prints the JSON schema of the file, for editors.

    Example: apus config dump > apus.yaml
    Exit codes: 0 right, 1 problems or failure, 2 usage, 3 cannot connect.
    """

  static func run(_ arguments: [String]) -> Int32 {
    onLargeStack {
      CommandError.report("config", usage: usage) {
        var reader = ArgumentReader(arguments)
        switch reader.next() {
        case "check": return try check(&reader)
        case "dump": return try dump(&reader)
        case "schema":
          if let extra = reader.next() { throw CommandError.usage("unknown argument \"\(extra)\"") }
          print(ConfigurationSchema.jsonSchema)
          return 0
        case "docs": return try docs(&reader)
        case "--help", "-h":
          print(usage)
          return 0
        case let word?: throw CommandError.usage("unknown argument \"\(word)\"")
        case nil: throw CommandError.usage("check, dump or schema is missing")
        }
      }
    }
  }

  private static func check(_ reader: inout ArgumentReader) throws -> Int32 {
    var path: String?
    while let argument = reader.next() {
      switch argument {
      case "--help", "-h":
        print(usage)
        return 0
      case "--config": path = try reader.value(of: argument)
      case _ where argument.hasPrefix("-"): throw CommandError.usage("unknown argument \"\(argument)\"")
      default:
        guard path == nil else { throw CommandError.usage("more than one file is named") }
        path = argument
      }
    }
    guard let file = try ConfigurationFile.find(path) else {
      throw CommandError.failed("there is no configuration file: name one")
    }
    let configuration = file.configuration
    let counts = [
      (configuration.tables.count, "table"), (configuration.rollups.count, "rollup"),
      (configuration.plugins.count, "plugin"), (configuration.server.count, "server option"),
    ]
    let shown = counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
    print("\(file.name) is right: \(shown)")
    return 0
  }

  private static func dump(_ reader: inout ArgumentReader) throws -> Int32 {
    var data = ServerLocator.defaultData
    var connect: String?
    while let argument = reader.next() {
      switch argument {
      case "--help", "-h":
        print(usage)
        return 0
      case "--data": data = try reader.value(of: argument)
      case "--connect": connect = try reader.value(of: argument)
      default: throw CommandError.usage("unknown argument \"\(argument)\"")
      }
    }
    let target = try PlanTarget(data: data, connect: connect, command: "config", creates: false)
    defer { target.close() }
    do throws(ApusError) {
      print(try target.dump(), terminator: "")
    } catch {
      throw CommandError(error)
    }
    return 0
  }

  /// Prints docs/CONFIG.md with its tables made anew: for whoever changes the schema.
  private static func docs(_ reader: inout ArgumentReader) throws -> Int32 {
    guard let path = reader.next() else { throw CommandError.usage("no page is named") }
    guard let page = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandError.failed("cannot read \"\(path)\"")
    }
    print(ConfigurationSchema.documentation(page), terminator: "")
    return 0
  }
}
