// These tests hold the scanner itself: a broken scanner finds nothing, and every other test here passes.

import Testing

@Suite struct `Scanner` {
  @Test func `comments and strings are blanked and interpolations stay`() {
    let source = SwiftSource(
      path: "Sources/A/a.swift",
      text: """
        let a = "try! \\(b + "as!") fatalError(" // try!
        /* as! /* nested */ as! */ let c = #"raw " \\(no) try!"#
        let d = \"\"\"
          try! { "quoted" } \\(e)
          \"\"\"
        """)
    let code = String(decoding: source.code, as: UTF8.self)
    #expect(!code.contains("try!") && !code.contains("as!") && !code.contains("nested") && !code.contains("no"))
    #expect(code.contains("b +") && code.contains("let c") && code.contains("(e)") && code.contains("let d"))
    #expect(source.code.count == source.text.utf8.count)
  }

  @Test func `functions are found with their lines`() {
    let source = SwiftSource(
      path: "Sources/A/a.swift",
      text: """
        protocol P { func required() throws -> Int }
        struct S {
          var stored = 1
          var computed: Int { 2 }
          init(a: () -> Void = { }) {
            if true { }
          }
          func long(
            _ x: [Int]
          ) -> Int
          where X: Y {
            let s = "}"
            return 1
          }
          func make() { S.init(a: {}) }
        }
        """)
    let found = source.functions.map { "\($0.name) \($0.firstLine)-\($0.lastLine)" }
    #expect(found == ["computed 4-4", "init 5-7", "long 8-14", "make 15-15"])
  }

  @Test func `imports are read with access levels and attributes`() {
    let source = SwiftSource(
      path: "Sources/A/a.swift",
      text: """
        // import Nothing
        public import ApusBase
        @preconcurrency import CReadline
        private import struct Foundation.URL
        """)
    #expect(source.imports.map(\.module) == ["ApusBase", "CReadline", "Foundation"])
    #expect(source.imports.map(\.line) == [2, 3, 4])
  }
}
