// These tests hold the import lines to the floors of docs/ARCHITECTURE.md, since SwiftPM does not.

import Testing

/// Which floor a target stands on. A target imports only targets of lower floors.
private let floors: [String: Int] = [
  "ApusBase": 0, "ApusWeb": 0,
  "ApusColumns": 1, "ApusFiles": 1, "ApusSyntax": 1,
  "ApusSketches": 2, "ApusFunctions": 2,
  "ApusPlan": 3, "ApusStore": 3,
  "ApusExecution": 4, "ApusPlugins": 4,
  "ApusEngine": 5,
  "ApusPostgres": 6, "ApusHTTP": 6, "ApusREPL": 6,
  "apus": 7,
]

/// Products that stand beside the server: what they may import of ours.
private let beside: [String: Set<String>] = ["ApusClient": [], "ApusPluginKit": ["CApusABI"]]

/// Neighbours on one floor. ApusBase sits on the C targets of floor 0, and functions finalise sketches.
private let neighbours: [String: Set<String>] = ["ApusFunctions": ["ApusSketches"]]

@Suite struct `Layers` {
  @Test func `a target imports only targets on lower floors`() {
    var offences: [String] = []
    for source in Tree.sources {
      for (module, line) in source.imports where isOurs(module) && module != source.target {
        if let allowed = beside[source.target] {
          if !allowed.contains(module) { offences.append("\(source.path):\(line) imports \(module)") }
        } else if let floor = floors[source.target] {
          let below = module.hasPrefix("C") ? floor >= 0 : floors[module].map { $0 < floor } ?? false
          if !below, neighbours[source.target]?.contains(module) != true {
            offences.append("\(source.path):\(line) imports \(module), which is not on a lower floor")
          }
        }
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `every Swift target has a floor`() {
    let targets = Set(Tree.sources.map(\.target))
    let unknown = targets.filter { floors[$0] == nil && beside[$0] == nil }
    #expect(unknown.isEmpty, "no floor for \(unknown.sorted())")
  }

  @Test func `a target imports only what Package.swift declares for it`() {
    let declared = declaredDependencies()
    var offences: [String] = []
    for source in Tree.sources {
      guard let dependencies = declared[source.target] else { continue }
      for (module, line) in source.imports where isOurs(module) && module != source.target {
        if !dependencies.contains(module) { offences.append("\(source.path):\(line) imports undeclared \(module)") }
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `the wire codec and the state machines do no I-O`() {
    var offences: [String] = []
    for source in Tree.sources where source.target == "ApusPostgres" {
      let isCodec = source.path.contains("/Codec/") || source.path.contains("/Machine/")
      for (module, line) in source.imports where isCodec && ["Glibc", "CApusSystem", "Foundation"].contains(module) {
        offences.append("\(source.path):\(line) imports \(module)")
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  private func isOurs(_ module: String) -> Bool {
    floors[module] != nil || beside[module] != nil || cTargets.contains(module)
  }

  private var cTargets: Set<String> {
    var names: Set<String> = []
    for path in Tree.files(under: "Sources", suffixes: [".h"]) {
      let parts = path.split(separator: "/").map(String.init)
      names.insert(parts[1] == "CLibraries" ? parts[2] : parts[1])
    }
    return names
  }

  /// The lists of `swift("Name", [...])` and of the executable in Package.swift.
  private func declaredDependencies() -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    let strings = quoted(Tree.text("Package.swift"))
    for (index, item) in strings.enumerated() where isOurs(item.text) {
      guard item.before.hasSuffix("swift(") || item.before.hasSuffix("name:") else { continue }
      var names: Set<String> = []
      for later in strings[(index + 1)...] {
        names.insert(later.text)
        if later.after.contains("]") { break }
      }
      if item.after.contains("[]") { names = [] }
      found[item.text] = found[item.text] ?? names
    }
    return found
  }

  /// Every quoted string with the text (without white space) to the strings around it.
  private func quoted(_ text: String) -> [(before: String, text: String, after: String)] {
    let pieces = text.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
    var found: [(String, String, String)] = []
    for index in stride(from: 1, to: pieces.count - 1, by: 2) {
      let squeeze = { (piece: String) in piece.filter { !$0.isWhitespace } }
      found.append((squeeze(pieces[index - 1]), pieces[index], squeeze(pieces[index + 1])))
    }
    return found
  }
}
