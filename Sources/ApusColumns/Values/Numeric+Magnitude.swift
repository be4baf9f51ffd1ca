// Magnitude owns unsigned arithmetic on base-10,000 digits: what numeric's operations are made of.

/// Digits in base 10,000, most significant first.
enum Magnitude {
  static func compare(_ a: Numeric, _ b: Numeric) -> Int {
    if a.digits.isEmpty || b.digits.isEmpty { return (a.digits.isEmpty ? 0 : 1) - (b.digits.isEmpty ? 0 : 1) }
    if a.weight != b.weight { return a.weight < b.weight ? -1 : 1 }
    let shared = min(a.digits.count, b.digits.count)
    for index in 0..<shared where a.digits[index] != b.digits[index] {
      return a.digits[index] < b.digits[index] ? -1 : 1
    }
    return a.digits.count == b.digits.count ? 0 : (a.digits.count < b.digits.count ? -1 : 1)
  }

  /// |a| + |b|: weight and digits, not stripped.
  static func sum(_ a: Numeric, _ b: Numeric) -> (Int, [UInt16]) {
    let top = max(a.weight, b.weight) + 1
    let low = min(a.weight - a.digits.count + 1, b.weight - b.digits.count + 1)
    var out = [UInt16](repeating: 0, count: top - low + 1)
    var carry: UInt32 = 0
    var position = low
    while position <= top {
      let total = carry + UInt32(digit(a, position)) + UInt32(digit(b, position))
      out[top - position] = UInt16(truncatingIfNeeded: total % 10_000)
      carry = total / 10_000
      position += 1
    }
    return (top, out)
  }

  /// |a| - |b|, which must not be negative.
  static func difference(_ a: Numeric, _ b: Numeric) -> (Int, [UInt16]) {
    let top = max(a.weight, b.weight)
    let low = min(a.weight - a.digits.count + 1, b.weight - b.digits.count + 1)
    var out = [UInt16](repeating: 0, count: top - low + 1)
    var borrow: Int32 = 0
    var position = low
    while position <= top {
      var total = Int32(digit(a, position)) - Int32(digit(b, position)) - borrow
      borrow = total < 0 ? 1 : 0
      if total < 0 { total += 10_000 }
      out[top - position] = UInt16(truncatingIfNeeded: total)
      position += 1
    }
    return (top, out)
  }

  @inline(__always)
  private static func digit(_ n: Numeric, _ position: Int) -> UInt16 {
    let index = n.weight - position
    return index >= 0 && index < n.digits.count ? n.digits[index] : 0
  }

  static func product(_ a: [UInt16], _ b: [UInt16]) -> [UInt16] {
    guard !a.isEmpty, !b.isEmpty else { return [] }
    var sums = [UInt64](repeating: 0, count: a.count + b.count)
    for i in 0..<a.count {
      let x = UInt64(a[i])
      if x == 0 { continue }
      for j in 0..<b.count { sums[i + j + 1] &+= x &* UInt64(b[j]) }
    }
    var carry: UInt64 = 0
    var out = [UInt16](repeating: 0, count: sums.count)
    for index in stride(from: sums.count - 1, through: 0, by: -1) {
      let total = sums[index] + carry
      out[index] = UInt16(truncatingIfNeeded: total % 10_000)
      carry = total / 10_000
    }
    return out
  }

  /// The integer quotient of two digit strings (Knuth, The Art of Computer Programming 4.3.1, algorithm D).
  static func quotient(_ numerator: [UInt16], _ divisor: [UInt16]) -> [UInt16] {
    let divisor = Array(divisor.drop { $0 == 0 })
    let numerator = Array(numerator.drop { $0 == 0 })
    guard !divisor.isEmpty, numerator.count >= divisor.count else { return [] }
    if divisor.count == 1 {
      let by = UInt32(divisor[0])
      var rest: UInt32 = 0
      return numerator.map { digit in
        let total = rest * 10_000 + UInt32(digit)
        rest = total % by
        return UInt16(truncatingIfNeeded: total / by)
      }
    }
    return longQuotient(numerator, divisor)
  }

  private static func longQuotient(_ numerator: [UInt16], _ divisor: [UInt16]) -> [UInt16] {
    let scale = 10_000 / (Int64(divisor[0]) + 1)
    let v = scaled(divisor, by: scale, extraDigit: false)
    var u = scaled(numerator, by: scale, extraDigit: true)
    let n = v.count
    var out = [UInt16](repeating: 0, count: u.count - n)
    for j in 0..<out.count {
      let top = u[j] * 10_000 + u[j + 1]
      var guess = top / v[0]
      var rest = top % v[0]
      while guess >= 10_000 || guess * v[1] > rest * 10_000 + u[j + 2] {
        guess -= 1
        rest += v[0]
        if rest >= 10_000 { break }
      }
      var borrow: Int64 = 0
      for i in stride(from: n, through: 1, by: -1) {
        let value = u[j + i] - guess * v[i - 1] - borrow
        borrow = value < 0 ? (-value + 9_999) / 10_000 : 0
        u[j + i] = value + borrow * 10_000
      }
      u[j] -= borrow
      if u[j] < 0 {
        guess -= 1
        var carry: Int64 = 0
        for i in stride(from: n, through: 1, by: -1) {
          let value = u[j + i] + v[i - 1] + carry
          carry = value >= 10_000 ? 1 : 0
          u[j + i] = value >= 10_000 ? value - 10_000 : value
        }
        u[j] += carry
      }
      out[j] = UInt16(truncatingIfNeeded: guess)
    }
    return out
  }

  private static func scaled(_ digits: [UInt16], by factor: Int64, extraDigit: Bool) -> [Int64] {
    var out = [Int64](repeating: 0, count: digits.count + 1)
    var carry: Int64 = 0
    for index in stride(from: digits.count - 1, through: 0, by: -1) {
      let total = Int64(digits[index]) * factor + carry
      out[index + 1] = total % 10_000
      carry = total / 10_000
    }
    out[0] = carry
    return extraDigit ? out : Array(out.dropFirst())
  }
}

extension Numeric {
  /// Normal form: no zero digits at the ends, zero is positive.
  static func normalised(_ sign: Sign, _ weight: Int, _ scale: Int, _ digits: [UInt16]) -> Numeric {
    var start = 0
    while start < digits.count, digits[start] == 0 { start += 1 }
    var end = digits.count
    while end > start, digits[end - 1] == 0 { end -= 1 }
    if start == end { return Numeric(sign: .positive, weight: 0, scale: scale, digits: []) }
    if start == 0, end == digits.count { return Numeric(sign: sign, weight: weight, scale: scale, digits: digits) }
    return Numeric(sign: sign, weight: weight - start, scale: scale, digits: Array(digits[start..<end]))
  }

  /// The value with at most `places` digits after the point (before it, when negative), half rounded away from zero;
  /// shown with `places` digits.
  public func rounded(_ places: Int) -> Numeric { cut(places, rounding: true) }
  /// The same without rounding up.
  public func truncated(_ places: Int) -> Numeric { cut(places, rounding: false) }

  private func cut(_ places: Int, rounding: Bool) -> Numeric {
    guard isFinite else { return self }
    let shown = max(places, 0)
    let kept = (weight + 1) * 4 + places
    if digits.isEmpty || kept < 0 { return Numeric(sign: .positive, weight: 0, scale: shown, digits: []) }
    let groups = (kept + 3) / 4
    let part = kept & 3
    if groups > digits.count || (groups == digits.count && part == 0) {
      return Numeric(sign: sign, weight: weight, scale: shown, digits: digits)
    }
    var out = Array(digits.prefix(groups))
    var carry = false
    var index = groups - 1
    if part == 0 {
      carry = rounding && digits[groups] >= 5_000
    } else {
      let unit: UInt16 = part == 1 ? 1_000 : part == 2 ? 100 : 10
      let extra = out[index] % unit
      out[index] -= extra
      if rounding, extra >= unit / 2 {
        out[index] += unit
        if out[index] >= 10_000 {
          out[index] -= 10_000
          carry = true
        }
      }
      index -= 1
    }
    while carry, index >= 0 {
      out[index] += 1
      carry = out[index] == 10_000
      if carry { out[index] = 0 }
      index -= 1
    }
    return carry
      ? .normalised(sign, weight + 1, shown, [1] + out) : .normalised(sign, weight, shown, out)
  }
}
