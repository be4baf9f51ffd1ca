// ALTER ROLE: the password of the one role.

import ApusBase
import ApusSyntax

extension Session {
  func execute(alterRole alter: AlterRole) throws(ApusError) -> Execution {
    try requireNoBlock("ALTER ROLE")
    guard let role = alter.role else { throw ApusError.unsupported("ALTER ROLE ALL is") }
    switch role {
    case .named(AccessControl.role), .currentRole, .currentUser, .sessionUser: break
    case .named(let name): throw ApusError(.undefinedObject, "role \"\(name)\" does not exist")
    case .public: throw ApusError(.undefinedObject, "role \"public\" does not exist")
    }
    if alter.setting != nil { throw ApusError.unsupported("ALTER ROLE ... SET is") }
    for option in alter.options where option.name != "password" {
      throw ApusError.unsupported("ALTER ROLE with the option \"\(option.name)\" is", position: option.position)
    }
    guard let option = alter.options.last else { return Execution(command: "ALTER ROLE") }
    guard alter.options.count == 1 else { throw ApusError(.syntaxError, "conflicting or redundant options") }
    let password: String? = option.value?.text
    if let password, password.hasPrefix("md5"), password.utf8.count == 35 {
      throw ApusError.unsupported("MD5 passwords are", hint: "Give the password itself, or its SCRAM-SHA-256 verifier.")
    }
    try database.setPassword(password)
    return Execution(command: "ALTER ROLE")
  }

  /// The statement as others may see it: those that hold passwords by their tag alone.
  static func shownText(_ parsed: ParsedStatement) -> String {
    switch parsed.root {
    case .alterRole, .createRole, .createUserMapping: "\(parsed.root.commandTag) ..."
    default: parsed.text
    }
  }
}
