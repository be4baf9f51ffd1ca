// Passwords over the wire: SCRAM against the RFC's own numbers, and conversations message by message.

import ApusBase
import ApusEngine
import Foundation
import Testing

@testable import ApusPostgres

/// RFC 7677, section 3.
private enum Published {
  static let password = "pencil"
  static let salt = Array(Data(base64Encoded: "W22ZaJ0SNY7soEsUEjb6gQ==") ?? Data())
  static let clientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
  static let serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
  static let serverFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
  static let clientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
  static let serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The message of the error that is thrown, "" without one.
private func refusal(_ run: () throws -> Void) -> String {
  do {
    try run()
    return ""
  } catch let error as ApusError { return "\(error.state.code) \(error.message)" } catch { return "\(error)" }
}

@Suite struct `SCRAM exchange` {
  private func exchange(_ password: String = Published.password) throws -> ScramExchange {
    let verifier = try ScramVerifier.make(password: password, salt: Published.salt)
    return ScramExchange(verifier: verifier, serverNonce: Published.serverNonce)
  }

  @Test func `the exchange of RFC 7677 comes out as printed there`() throws {
    var exchange = try exchange()
    #expect(try exchange.begin(bytes(Published.clientFirst)) == Published.serverFirst)
    #expect(try exchange.finish(bytes(Published.clientFinal)) == Published.serverFinal)
  }

  @Test func `another password's proof is refused`() throws {
    var exchange = try exchange("pencils")
    _ = try exchange.begin(bytes(Published.clientFirst))
    #expect(try exchange.finish(bytes(Published.clientFinal)) == nil)
  }

  @Test func `a verifier reads back from PostgreSQL's form`() throws {
    let verifier = try ScramVerifier.make(password: "secret")
    #expect(verifier.text.hasPrefix("SCRAM-SHA-256$4096:"))
    #expect(ScramVerifier(text: verifier.text) == verifier)
    // Computed apart from this code (Python's hashlib) for the password and the salt of the RFC.
    let published =
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
      + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    #expect(try ScramVerifier.make(password: "pencil", salt: Published.salt).text == published)
    for text in ["", "md5", "SCRAM-SHA-256$0:AA==$AA==:AA==", "SCRAM-SHA-256$4096:AA==$AA==:AA==", published + "$"] {
      #expect(ScramVerifier(text: text) == nil, "\(text)")
    }
  }

  @Test func `messages out of form are refused and never trap`() throws {
    for first in [
      "", "n", "n,,", "n,,n=u", "p=tls-unique,,n=,r=a", "n,a=x,n=,r=a", "n,,m=1,n=,r=a", "x,,n=,r=a", "n,,n=,r=",
    ] {
      #expect(
        refusal {
          var one = try exchange(); _ = try one.begin(bytes(first))
        } != "", "\(first)")
    }
    let final = Published.clientFinal
    for (text, code) in [
      ("", "08P01"), ("p=", "08P01"), ("c=biws,r=x,p=AA==", "08P01"),
      (final.replacingOccurrences(of: "biws", with: "eSws"), "08P01"),
      (String(final.dropLast()), "08P01"),
    ] {
      let told = refusal {
        var one = try exchange()
        _ = try one.begin(bytes(Published.clientFirst))
        _ = try one.finish(bytes(text))
      }
      #expect(told.hasPrefix(code), "\(text): \(told)")
    }
  }
}

/// A database with a password, and one client's authentication.
private final class Guarded {
  let database: Database
  private let directory: String

  init(password: String? = "pencil") throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-auth-\(UUID())").path
    database = try Database.open(directory: directory, password: password)
  }

  deinit {
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Talks SCRAM with this password; the server's messages as texts, an error's as its code and message.
  func talk(user: String, password: String) throws -> [String] {
    guard var authentication = try Authentication(user: user, database: database, serverNonce: "server") else {
      return ["nothing asked"]
    }
    var told: [String] = []
    func take(_ out: borrowing OutputBuffer) {
      for message in ServerMessage.read(Array(out.bytes)) {
        told.append("\(message.tag) \(message.body[3]) \(String(decoding: message.body.dropFirst(4), as: UTF8.self))")
      }
    }
    var out = OutputBuffer(capacity: 256)
    authentication.begin(into: &out)
    take(out)
    let first = "n=,r=client"
    let initial = Client.text("SCRAM-SHA-256") + Client.int32(first.utf8.count + 3) + bytes("n,,\(first)")
    out = OutputBuffer(capacity: 256)
    _ = try authentication.receive(.message(.password(initial)), into: &out)
    take(out)
    let serverFirst = String(told[1].dropFirst(5))
    let parts = serverFirst.split(separator: ",").map { String($0.dropFirst(2)) }
    let salt = Array(Data(base64Encoded: parts[1]) ?? Data())
    let verifier = try ScramVerifier.make(password: password, salt: salt, iterations: Int(parts[2]))
    let final = "c=biws,r=\(parts[0])"
    let proof = try verifier.proof(password: password, of: "\(first),\(serverFirst),\(final)")
    out = OutputBuffer(capacity: 256)
    let last = bytes("\(final),p=\(Data(proof).base64EncodedString())")
    told.append(
      refusal {
        let isDone = try authentication.receive(.message(.password(last)), into: &out)
        take(out)
        told.append("done \(isDone)")
      })
    return told
  }
}

@Suite struct `Passwords over the wire` {
  @Test func `the right password is let in after three messages`() throws {
    let told = try Guarded().talk(user: "apus", password: "pencil")
    #expect(told[0] == "R 10 SCRAM-SHA-256\0\0")
    #expect(told[1].hasPrefix("R 11 r=clientserver,s="))
    #expect(told[2].hasPrefix("R 12 v="))
    #expect(told[3] == "done true" && told[4] == "")
  }

  @Test func `a wrong password and an unknown name look alike`() throws {
    let guarded = try Guarded()
    let wrong = try guarded.talk(user: "apus", password: "pen")
    let unknown = try guarded.talk(user: "nobody", password: "pencil")
    #expect(wrong.last == "28P01 password authentication failed for user \"apus\"")
    #expect(unknown.last == "28P01 password authentication failed for user \"nobody\"")
    #expect(wrong.count == unknown.count && wrong[1].count == unknown[1].count)
    // The made-up salt stays: one that changed would tell that it is made up.
    #expect(try guarded.talk(user: "nobody", password: "x")[1] == unknown[1])
  }

  @Test func `ALTER ROLE sets, changes and removes the password`() throws {
    let guarded = try Guarded(password: nil)
    #expect(try guarded.talk(user: "anyone", password: "x") == ["nothing asked"])
    let session = guarded.database.makeSession()
    func run(_ sql: String) -> String {
      refusal {
        for statement in try session.parse(sql) { _ = try session.execute(try session.prepare(statement)) }
        try session.commitStatementGroup()
      }
    }
    #expect(run("ALTER ROLE apus PASSWORD 'one'") == "")
    #expect(try guarded.talk(user: "apus", password: "one").contains("done true"))
    #expect(run("ALTER USER CURRENT_USER WITH PASSWORD 'two'") == "")
    #expect(try guarded.talk(user: "apus", password: "one").last?.hasPrefix("28P01") == true)
    #expect(try guarded.talk(user: "apus", password: "two").contains("done true"))
    #expect(guarded.database.accepts(password: "two") && !guarded.database.accepts(password: "one"))
    #expect(guarded.database.accepts(password: "two") && !guarded.database.accepts(password: ""))
    #expect(run("ALTER ROLE nobody PASSWORD 'x'").hasPrefix("42704"))
    #expect(run("ALTER ROLE apus PASSWORD ''").hasPrefix("22023"))
    #expect(run("ALTER ROLE apus SUPERUSER").hasPrefix("0A000"))
    #expect(run("ALTER ROLE apus PASSWORD 'x' VALID UNTIL 'tomorrow'").hasPrefix("0A000"))
    #expect(run("ALTER ROLE apus PASSWORD NULL") == "")
    #expect(try guarded.talk(user: "apus", password: "x") == ["nothing asked"])
  }
}
