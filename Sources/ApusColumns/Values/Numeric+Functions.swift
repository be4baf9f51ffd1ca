// Roots, exponentials and logarithms of numeric, to the scales that PostgreSQL gives them.

public import ApusBase
private import Glibc

extension Numeric {
  private static let scaleLimit = 1_000

  private static func rounded(_ a: Numeric, _ places: Int) -> Numeric { a.rounded(places) }

  /// A rough decimal exponent: log10 of a positive value's leading digits.
  private var approximateLog10: Double {
    var value = 0.0
    for digit in digits.prefix(4) { value = value * 10_000 + Double(digit) }
    return log10(value) + Double((weight - min(digits.count, 4) + 1) * 4)
  }

  public func squareRoot() throws(ApusError) -> Numeric {
    if isNaN || sign == .positiveInfinity { return self }
    if isNegative {
      throw ApusError(SQLState("2201F"), "cannot take square root of a negative number")
    }
    let weightOfRoot = (weight + 1) * 4 / 2 - 1
    let places = min(max(16 - weightOfRoot, scale, 0), Self.scaleLimit)
    return root(places)
  }

  /// The square root of a value that is not negative, rounded to `places` digits after the point.
  public func squareRoot(places: Int) -> Numeric { isFinite ? root(places) : self }

  /// The square root of a value that is not negative, by Newton's method with guard digits.
  private func root(_ places: Int) -> Numeric {
    if digits.isEmpty { return Numeric(sign: .positive, weight: 0, scale: places, digits: []) }
    let work = places + 8
    var guess = Numeric(pow(10, approximateLog10 / 2 - Double((weight >> 1) * 4)))
    guess = guess.shifted((weight >> 1) * 4)
    if guess.isZero { guess = .one }
    let half = Numeric(5 as Int64, scale: 1)
    for _ in 0..<64 {
      let next = Self.product(Self.sum(guess, Self.quotient(self, guess, scale: work, rounding: true)), half)
        .rounded(work)
      if next == guess { break }
      let difference = Self.sum(next, guess.negated)
      guess = next
      if difference.isZero || difference.weight < -(work / 4) - 1 { break }
    }
    return guess.rounded(places)
  }

  public func exponential() throws(ApusError) -> Numeric {
    if isNaN || sign == .positiveInfinity { return self }
    if sign == .negativeInfinity { return .zero }
    let value = double * 0.434294481903252
    let magnitude = min(max(value, -2_000), 2_000)
    let places = min(max(16 - Int(magnitude), scale, 0), Self.scaleLimit)
    return try exp(places)
  }

  private func exp(_ places: Int) throws(ApusError) -> Numeric {
    let value = double
    if abs(value) >= Double(Self.scaleMax) * 3 {
      if value > 0 { throw Self.overflow }
      return Numeric(sign: .positive, weight: 0, scale: places, digits: [])
    }
    let wholeDigits = Int(value * 0.434294481903252)
    if places + wholeDigits < -1 { return Numeric(sign: .positive, weight: 0, scale: places, digits: []) }
    // Halve until the argument is small, sum the series, square back.
    var halvings = 0
    var size = abs(value)
    while size > 0.01 {
      size /= 2
      halvings += 1
    }
    let work = max(places + max(wholeDigits, 0) + max(-wholeDigits, 0) * 0 + 12 + halvings / 3 + abs(wholeDigits), 20)
    var x = self
    if halvings > 0 {
      x = Self.quotient(self, Numeric(Int64(1) << Int64(halvings)), scale: work, rounding: true)
    }
    var term = Numeric.one
    var total = Numeric.one
    var n: Int64 = 1
    while n < 2_000 {
      term = Self.quotient(Self.product(term, x).rounded(work), Numeric(n), scale: work, rounding: true)
      if term.isZero { break }
      total = Self.sum(total, term)
      n += 1
    }
    for _ in 0..<halvings { total = Self.product(total, total).rounded(work) }
    return try total.rounded(places).checked()
  }

  /// PostgreSQL's estimate of the weight of a logarithm.
  private var estimatedLogWeight: Int {
    let low = Numeric(9 as Int64, scale: 1)
    let high = Numeric(11 as Int64, scale: 1)
    if Self.compare(self, low) >= 0, Self.compare(self, high) <= 0 {
      // ln(1 + x) is close to x.
      let distance = Self.sum(self, Numeric.one.negated)
      guard let first = distance.digits.first else { return 0 }
      return distance.weight * 4 + Int(log10(Double(first)))
    }
    guard let first = digits.first else { return 0 }
    var leading = Int(first)
    var dweight = weight * 4
    if digits.count > 1 {
      leading = leading * 10_000 + Int(digits[1])
      dweight -= 4
    }
    let estimate = log(Double(leading)) + Double(dweight) * 2.302585092994046
    return Int(log10(abs(estimate)))
  }

  private func logarithmChecks() throws(ApusError) {
    if isNegative {
      throw ApusError(SQLState("2201E"), "cannot take logarithm of a negative number")
    }
    if isZero { throw ApusError(SQLState("2201E"), "cannot take logarithm of zero") }
  }

  public func naturalLogarithm() throws(ApusError) -> Numeric {
    if isNaN { return self }
    try logarithmChecks()
    if isInfinite { return self }
    let places = min(max(16 - estimatedLogWeight, scale, 0), Self.scaleLimit)
    return ln(places)
  }

  private func ln(_ places: Int) -> Numeric {
    // Take roots until the value is near one, then ln x = 2 atanh((x - 1) / (x + 1)).
    var x = self
    var doublings = 1
    var work = places + 12
    let low = Numeric(9 as Int64, scale: 1)
    let high = Numeric(11 as Int64, scale: 1)
    var roots = 0
    if Self.compare(x, low) < 0 || Self.compare(x, high) > 0 {
      work += Int(abs(approximateLog10)) + 12
    }
    while Self.compare(x, low) < 0 || Self.compare(x, high) > 0 {
      x = x.root(work)
      roots += 1
    }
    doublings += roots
    let minus = Self.sum(x, Numeric.one.negated)
    let z = Self.quotient(minus, Self.sum(x, .one), scale: work, rounding: true)
    let square = Self.product(z, z).rounded(work)
    var power = z
    var total = z
    var n: Int64 = 3
    while n < 4_000 {
      power = Self.product(power, square).rounded(work)
      let term = Self.quotient(power, Numeric(n), scale: work, rounding: true)
      if term.isZero { break }
      total = Self.sum(total, term)
      n += 2
    }
    return Self.product(total, Numeric(Int64(1) << Int64(min(doublings, 62)))).rounded(places)
  }

  /// The logarithm of `self` to `base`.
  public func logarithm(base: Numeric) throws(ApusError) -> Numeric {
    if isNaN || base.isNaN { return .notANumber }
    try base.logarithmChecks()
    try logarithmChecks()
    if isInfinite || base.isInfinite {
      if isInfinite, base.isInfinite { return .notANumber }
      return isInfinite ? .infinity : .zero
    }
    let baseWeight = base.estimatedLogWeight
    let ownWeight = estimatedLogWeight
    let places = min(max(16 - (ownWeight - baseWeight), base.scale, scale, 0), Self.scaleLimit)
    let lnBase = base.ln(places + 16 + abs(baseWeight))
    let lnSelf = ln(places + 16 + abs(ownWeight))
    guard !lnBase.isZero else { throw Self.divisionByZero }
    return Self.quotient(lnSelf, lnBase, scale: places, rounding: true)
  }

  public func raised(to exponent: Numeric) throws(ApusError) -> Numeric {
    if isNaN { return exponent.isZero ? .one : .notANumber }
    if exponent.isNaN { return Self.compare(self, .one) == 0 ? .one : .notANumber }
    if isZero, exponent.isNegative {
      throw ApusError(SQLState("2201F"), "zero raised to a negative power is undefined")
    }
    if isInfinite || exponent.isInfinite { return infinitePower(exponent) }
    let isWhole = exponent.minimumScale == 0
    if isNegative, !isWhole {
      throw ApusError(SQLState("2201F"), "a negative number raised to a non-integer power yields a complex result")
    }
    if isWhole, let power = exponent.roundedInt128, let small = Int(exactly: power), abs(small) < Int(Int32.max) {
      return try integerPower(small, exponent: exponent)
    }
    if isZero { return Numeric(sign: .positive, weight: 0, scale: 16, digits: []) }
    return try generalPower(exponent)
  }

  private func infinitePower(_ exponent: Numeric) -> Numeric {
    if Self.compare(self, .one) == 0 { return .one }
    if exponent.isZero { return .one }
    if exponent.isInfinite {
      let order = Self.compare(magnitude, .one)
      if order == 0 { return .one }
      return (order > 0) == (exponent.sign == .positiveInfinity) ? .infinity : .zero
    }
    if exponent.isNegative { return .zero }
    let isOdd = exponent.minimumScale == 0 && (exponent.roundedInt128.map { $0 & 1 != 0 } ?? false)
    return isNegative && isOdd ? .negativeInfinity : .infinity
  }

  private func integerPower(_ power: Int, exponent: Numeric) throws(ApusError) -> Numeric {
    // PostgreSQL's power_var_int.
    if isZero { return power == 0 ? Numeric.one.rounded(16) : Numeric.zero.rounded(max(16, scale)) }
    let estimate = magnitude.approximateLog10 * Double(power)
    if estimate > Double(Self.weightMax + 1) * 4 { throw Self.overflow }
    if estimate + 1 < -Double(Self.scaleLimit) - 16 {
      return Numeric(sign: .positive, weight: 0, scale: Self.scaleLimit, digits: [])
    }
    let places = min(max(16, scale), Self.scaleLimit)
    if power == 0 { return Numeric.one.rounded(places) }
    let inverse = power < 0
    var left = power.magnitude
    let work = places + 16 + Int(log10(Double(left) + 1)) + (inverse ? Int(abs(estimate)) * 2 : 0)
    var base = self
    var result = Numeric.one
    let significant = max(Int(abs(estimate)), 0) + work + 8
    func limited(_ n: Numeric) -> Numeric {
      let kept = max(significant - n.weight * 4, 0)
      return n.scale > kept ? n.rounded(kept) : n
    }
    while left > 0 {
      if left & 1 != 0 { result = limited(Self.product(result, base)) }
      left >>= 1
      if left > 0 { base = limited(Self.product(base, base)) }
    }
    if inverse {
      guard !result.isZero else { throw Self.overflow }
      return try Self.quotient(.one, result, scale: places, rounding: true).checked()
    }
    return try result.rounded(places).checked()
  }

  private func generalPower(_ exponent: Numeric) throws(ApusError) -> Numeric {
    let approximate = exponent.double * (approximateLog10 * 2.302585092994046)
    let digitsBefore = Int(approximate * 0.434294481903252)
    if digitsBefore > (Self.weightMax + 1) * 4 { throw Self.overflow }
    if approximate < -Double(Self.scaleMax) { return Numeric.zero.rounded(Self.scaleLimit) }
    let places = min(max(16 - digitsBefore, scale, exponent.scale, 0), Self.scaleLimit)
    let lnBase = ln(places + max(digitsBefore, 0) + 16 + max((exponent.weight + 1) * 4, 0))
    return try Self.product(lnBase, exponent).rounded(places + max(digitsBefore, 0) + 16).exp(places)
  }
}
