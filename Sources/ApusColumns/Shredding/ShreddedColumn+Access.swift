// Rows of a shredded column: slices, and the jsonb text of whole values.

extension ShreddedColumn {
  /// The value of one row as jsonb text.
  public func value(at index: Int) -> Value { slice(index..<index + 1).assembled().value(at: 0) }
}
