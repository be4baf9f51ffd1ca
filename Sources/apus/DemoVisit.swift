// DemoVisit owns the people, the shop and the visits of the demo: what one visitor does, step by step.

import ApusBase

/// What the demo draws from: skewed as such things are.
enum DemoWorld {
  static let countries = [
    "US", "IN", "BR", "DE", "GB", "FR", "JP", "CA", "MX", "ES", "IT", "NL", "AU", "PL", "SE", "KR", "TR", "CH", "AT",
    "BE",
    "PT", "IE", "DK", "NO", "FI", "CZ", "AR", "ZA", "NZ", "SG",
  ]
  static let currencies = [
    "US": "USD", "IN": "INR", "BR": "BRL", "GB": "GBP", "JP": "JPY", "CA": "CAD", "MX": "MXN", "AU": "AUD", "PL": "PLN",
    "SE": "SEK", "KR": "KRW", "TR": "TRY", "CH": "CHF", "DK": "DKK", "NO": "NOK", "CZ": "CZK", "AR": "ARS", "ZA": "ZAR",
    "NZ": "NZD", "SG": "SGD",
  ]
  static let devices = [("mobile", 58), ("desktop", 36), ("tablet", 6)]
  static let mobileBrowsers = [("Chrome", 52), ("Safari", 34), ("Samsung Internet", 8), ("Firefox", 6)]
  static let desktopBrowsers = [("Chrome", 63), ("Edge", 14), ("Safari", 13), ("Firefox", 10)]
  static let sources = [
    ("google", 38), ("direct", 27), ("newsletter", 12), ("instagram", 10), ("facebook", 7), ("partner", 6),
  ]
  static let plans = [("free", 74), ("pro", 21), ("team", 5)]
  static let articles = ["/", "/", "/pricing", "/blog/first-steps", "/blog/why-columns", "/docs", "/about", "/careers"]
  static let searches = ["mug", "shirt", "gift", "blue", "xl", "sale", "sticker", "poster", "hoodie", "returns"]
  /// Name, category, price in cents.
  static let products: [(name: String, category: String, cents: Int)] = [
    ("Swift Mug", "kitchen", 1450), ("Column Shirt", "clothes", 2490), ("Event Hoodie", "clothes", 5900),
    ("Log Notebook", "paper", 990), ("Segment Poster", "paper", 1900), ("Sticker Pack", "paper", 500),
    ("Bitmap Socks", "clothes", 1200), ("Zone Map Scarf", "clothes", 3400), ("Vector Lamp", "home", 7900),
    ("Batch Backpack", "bags", 8900), ("Query Bottle", "kitchen", 2200), ("Shard Keyboard", "desk", 12900),
    ("Epoch Clock", "home", 4500), ("Sketch Pencils", "paper", 1650), ("Merge Cushion", "home", 2800),
    ("Rollup Rug", "home", 15900), ("Cache Cap", "clothes", 2100), ("Index Cards", "paper", 700),
    ("Morsel Lunchbox", "kitchen", 2600), ("Snapshot Frame", "home", 1800),
  ]

  static func draw(_ list: [(String, Int)], _ random: inout SeededRandom) -> String {
    var at = Int.random(in: 0..<100, using: &random)
    for (name, share) in list {
      if at < share { return name }
      at -= share
    }
    return list[0].0
  }

  /// Low numbers are drawn somewhat more often than high ones: regular customers.
  static func regular(_ count: Int, _ random: inout SeededRandom) -> Int {
    let uniform = Double.random(in: 0..<1, using: &random)
    return min(count - 1, Int(Double(count) * uniform * uniform.squareRoot()))
  }

  /// Low numbers are drawn far more often than high ones.
  static func skewed(_ count: Int, _ random: inout SeededRandom) -> Int {
    let uniform = Double.random(in: 0..<1, using: &random)
    return min(count - 1, Int(Double(count) * uniform * uniform * uniform))
  }
}

/// One person: always the same for a number.
struct DemoPerson {
  let number: Int
  let country: String
  let device: String
  let browser: String
  let source: String
  let plan: String

  init(_ number: Int) {
    self.number = number
    var random = SeededRandom(seed: 0xA905 &+ UInt64(number) &* 7919)
    country = DemoWorld.countries[DemoWorld.skewed(DemoWorld.countries.count, &random)]
    device = DemoWorld.draw(DemoWorld.devices, &random)
    browser = DemoWorld.draw(
      device == "desktop" ? DemoWorld.desktopBrowsers : DemoWorld.mobileBrowsers, &random)
    source = DemoWorld.draw(DemoWorld.sources, &random)
    plan = DemoWorld.draw(DemoWorld.plans, &random)
  }
}

/// One event, before it is written.
struct DemoEvent {
  var name: String
  var url: String
  /// Further properties, as JSON members with their values.
  var more: [(name: String, json: String)] = []
}

/// A visit on its way: landing, looking, and for some cart, checkout and purchase.
struct DemoVisit {
  private enum Step { case landing, browsing, product, cart, checkout, over }
  let person: DemoPerson
  let session: UInt64
  /// Whether the person has an account by now.
  private(set) var isKnown: Bool
  private var step = Step.landing
  private var product = 0
  private var cents = 0
  private var items = 0

  init(person: DemoPerson, isKnown: Bool, _ random: inout SeededRandom) {
    self.person = person
    self.isKnown = isKnown
    session = random.next()
  }

  /// What the visitor does next; nil when the visit is over.
  mutating func next(_ random: inout SeededRandom) -> DemoEvent? {
    let chance = Int.random(in: 0..<100, using: &random)
    switch step {
    case .over: return nil
    case .landing:
      step = .browsing
      let url = DemoWorld.articles[Int.random(in: 0..<DemoWorld.articles.count, using: &random)]
      return DemoEvent(name: "page_view", url: url, more: [("source", jsonText(person.source))])
    case .browsing: return browse(chance, &random)
    case .product:
      if chance < 28 {
        step = .cart
        items += 1
        cents += DemoWorld.products[product].cents
        return shown("add_to_cart")
      }
      step = .browsing
      return browse(chance, &random)
    case .cart:
      if chance < 52 {
        step = .checkout
        return DemoEvent(
          name: "checkout_started", url: "/checkout", more: [("items", String(items)), ("value", amount)])
      }
      if chance < 60 {
        step = .browsing
        items -= 1
        cents -= DemoWorld.products[product].cents
        return shown("remove_from_cart")
      }
      step = .browsing
      return browse(chance, &random)
    case .checkout: return pay(chance, &random)
    }
  }

  private mutating func browse(_ chance: Int, _ random: inout SeededRandom) -> DemoEvent? {
    switch chance {
    case 0..<20:
      step = .over
      return nil
    case 20..<62:
      product = DemoWorld.skewed(DemoWorld.products.count, &random)
      step = .product
      return shown("product_view")
    case 62..<72:
      let term = DemoWorld.searches[DemoWorld.skewed(DemoWorld.searches.count, &random)]
      return DemoEvent(
        name: "search", url: "/search",
        more: [("query", jsonText(term)), ("results", String(Int.random(in: 0...40, using: &random)))])
    case 72..<79 where !isKnown:
      isKnown = true
      return DemoEvent(
        name: "signup", url: "/signup", more: [("method", random.next() & 3 == 0 ? "\"google\"" : "\"email\"")])
    case 79..<81:
      return DemoEvent(
        name: "error", url: "/product/\(product)",
        more: [("status", random.next() & 1 == 0 ? "500" : "404"), ("message", "\"it went wrong\"")])
    default:
      let url = DemoWorld.articles[Int.random(in: 0..<DemoWorld.articles.count, using: &random)]
      return DemoEvent(name: "page_view", url: url)
    }
  }

  private mutating func pay(_ chance: Int, _ random: inout SeededRandom) -> DemoEvent? {
    if chance < 12 {
      return DemoEvent(
        name: "payment_failed", url: "/checkout",
        more: [("reason", chance < 8 ? "\"card_declined\"" : "\"timeout\""), ("value", amount)])
    }
    if chance < 74 {
      isKnown = true
      step = .browsing
      let event = DemoEvent(
        name: "purchase", url: "/thanks",
        more: [
          ("amount", amount), ("currency", jsonText(DemoWorld.currencies[person.country] ?? "EUR")),
          ("items", String(items)), ("coupon", chance < 20 ? "\"WELCOME10\"" : "null"),
        ])
      items = 0
      cents = 0
      return event
    }
    step = .over
    return DemoEvent(name: "checkout_abandoned", url: "/checkout", more: [("value", amount)])
  }

  private var amount: String {
    let rest = cents % 100
    return "\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  private func shown(_ name: String) -> DemoEvent {
    let item = DemoWorld.products[product]
    return DemoEvent(
      name: name, url: "/product/\(product)",
      more: [
        ("product", jsonText(item.name)), ("category", jsonText(item.category)),
        ("price", "\(item.cents / 100).\(item.cents % 100 < 10 ? "0" : "")\(item.cents % 100)"),
      ])
  }
}
