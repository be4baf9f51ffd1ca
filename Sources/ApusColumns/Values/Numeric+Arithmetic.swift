// The arithmetic of numeric, with PostgreSQL's result scales.

public import ApusBase

extension Numeric: Comparable {
  public static func < (a: Numeric, b: Numeric) -> Bool { compare(a, b) < 0 }

  /// SQL's order: NaN equals itself and is above everything. Below 0, 0 or above 0.
  public static func compare(_ a: Numeric, _ b: Numeric) -> Int {
    if a.isFinite, b.isFinite {
      if a.sign != b.sign { return a.sign == .negative ? -1 : 1 }
      let magnitude = Magnitude.compare(a, b)
      return a.sign == .negative ? -magnitude : magnitude
    }
    func rank(_ n: Numeric) -> Int {
      switch n.sign {
      case .negativeInfinity: -1
      case .positive, .negative: 0
      case .positiveInfinity: 1
      case .notANumber: 2
      }
    }
    return rank(a) - rank(b)
  }

  public var negated: Numeric {
    var copy = self
    switch sign {
    case .positive: copy.sign = digits.isEmpty ? .positive : .negative
    case .negative: copy.sign = .positive
    case .positiveInfinity: copy.sign = .negativeInfinity
    case .negativeInfinity: copy.sign = .positiveInfinity
    case .notANumber: break
    }
    return copy
  }

  public var magnitude: Numeric { isNegative ? negated : self }

  public func adding(_ other: Numeric) throws(ApusError) -> Numeric {
    guard isFinite, other.isFinite else {
      if isNaN || other.isNaN { return .notANumber }
      if isInfinite, other.isInfinite { return sign == other.sign ? self : .notANumber }
      return isInfinite ? self : other
    }
    return try Self.sum(self, other).checked()
  }

  public func subtracting(_ other: Numeric) throws(ApusError) -> Numeric { try adding(other.negated) }

  /// The exact sum of finite values.
  static func sum(_ a: Numeric, _ b: Numeric) -> Numeric {
    let scale = max(a.scale, b.scale)
    if a.sign == b.sign {
      let (weight, digits) = Magnitude.sum(a, b)
      return .normalised(a.sign, weight, scale, digits)
    }
    let order = Magnitude.compare(a, b)
    if order == 0 { return Numeric(sign: .positive, weight: 0, scale: scale, digits: []) }
    let (large, small) = order > 0 ? (a, b) : (b, a)
    let (weight, digits) = Magnitude.difference(large, small)
    return .normalised(large.sign, weight, scale, digits)
  }

  /// The exact product of finite values.
  static func product(_ a: Numeric, _ b: Numeric) -> Numeric {
    .normalised(
      a.sign == b.sign ? .positive : .negative, a.weight + b.weight + 1, a.scale + b.scale,
      Magnitude.product(a.digits, b.digits))
  }

  public func multiplied(by other: Numeric) throws(ApusError) -> Numeric {
    guard isFinite, other.isFinite else {
      if isNaN || other.isNaN || isZero || other.isZero { return .notANumber }
      return isNegative == other.isNegative ? .infinity : .negativeInfinity
    }
    let product = Self.product(self, other)
    return try (product.scale > Self.scaleMax ? product.rounded(Self.scaleMax) : product).checked()
  }

  static var divisionByZero: ApusError { ApusError(.divisionByZero, "division by zero") }

  public func divided(by other: Numeric) throws(ApusError) -> Numeric {
    if isNaN || other.isNaN { return .notANumber }
    if isInfinite {
      if other.isInfinite { return .notANumber }
      if other.isZero { throw Self.divisionByZero }
      return isNegative == other.isNegative ? .infinity : .negativeInfinity
    }
    if other.isInfinite { return .zero }
    guard !other.digits.isEmpty else { throw Self.divisionByZero }
    return try Self.quotient(self, other, scale: Self.divisionScale(self, other), rounding: true).checked()
  }

  /// PostgreSQL's select_div_scale: at least 16 significant digits.
  static func divisionScale(_ a: Numeric, _ b: Numeric) -> Int {
    let weight = a.weight - b.weight - ((a.digits.first ?? 0) <= (b.digits.first ?? 0) ? 1 : 0)
    return min(max(16 - weight * 4, a.scale, b.scale, 0), 1_000)
  }

  /// The quotient of finite values, `b` not zero, rounded or truncated to `scale` digits after the point.
  static func quotient(_ a: Numeric, _ b: Numeric, scale: Int, rounding: Bool) -> Numeric {
    guard !a.digits.isEmpty else { return Numeric(sign: .positive, weight: 0, scale: max(scale, 0), digits: []) }
    let places = (max(scale, 0) + 3) / 4 + 1
    let shift = (a.weight - a.digits.count + 1) - (b.weight - b.digits.count + 1) + places
    let top: [UInt16]
    if shift >= 0 {
      top = a.digits + [UInt16](repeating: 0, count: shift)
    } else {
      top = Array(a.digits.dropLast(min(-shift, a.digits.count)))
    }
    let digits = Magnitude.quotient(top, b.digits)
    let exact = Numeric.normalised(
      a.sign == b.sign ? .positive : .negative, digits.count - 1 - places, places * 4, digits)
    return rounding ? exact.rounded(scale) : exact.truncated(scale)
  }

  /// The remainder of truncated division; its sign is the dividend's.
  public func remainder(dividingBy other: Numeric) throws(ApusError) -> Numeric {
    if isNaN || other.isNaN { return .notANumber }
    if isInfinite {
      if other.isZero { throw Self.divisionByZero }
      return .notANumber
    }
    if other.isInfinite { return self }
    guard !other.digits.isEmpty else { throw Self.divisionByZero }
    let whole = Self.quotient(self, other, scale: 0, rounding: false)
    var result = Self.sum(self, Self.product(whole, other).negated)
    result.scale = max(scale, other.scale)
    return result
  }

  /// The integer part of the quotient (SQL's div).
  public func integerQuotient(dividingBy other: Numeric) throws(ApusError) -> Numeric {
    if isNaN || other.isNaN { return .notANumber }
    if isInfinite || other.isInfinite { return try divided(by: other) }
    guard !other.digits.isEmpty else { throw Self.divisionByZero }
    return Self.quotient(self, other, scale: 0, rounding: false)
  }

  public var ceiling: Numeric {
    guard isFinite else { return self }
    let whole = truncated(0)
    let grows = sign == .positive && Magnitude.compare(whole, self) != 0
    return grows ? Self.sum(whole, .one) : whole
  }

  public var floor: Numeric { negated.ceiling.negated }

  /// -1, 0 or 1.
  public var signum: Int { isNaN ? 0 : (isZero ? 0 : (isNegative ? -1 : 1)) }

  /// The same value with no more digits after the point than it needs.
  public var trimmed: Numeric {
    guard isFinite else { return self }
    var copy = self
    copy.scale = minimumScale
    return copy
  }

  /// The least scale that loses nothing.
  public var minimumScale: Int {
    guard isFinite, let last = digits.last else { return 0 }
    let groups = digits.count - 1 - weight
    guard groups > 0 else { return 0 }
    var spare = 0
    var rest = last
    while rest % 10 == 0, spare < 4 {
      rest /= 10
      spare += 1
    }
    return groups * 4 - spare
  }
}
