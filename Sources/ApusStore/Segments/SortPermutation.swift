// SortPermutation owns the order of rows in a segment.

public import ApusBase
public import ApusColumns

/// The stable order of `count` rows by `keys` (ascending, nulls last, text bytewise): row numbers, first to last. nil when
/// the rows are in order already.
public func sortPermutation(_ keys: [Vector], count: Int) throws(ApusError) -> SelectionVector? {
  throw .unsupported("sorting")
}

/// The rows of `columns` that `selection` names, in its order, shredded columns kept shredded.
public func gather(_ columns: [Vector], _ selection: SelectionVector) throws(ApusError) -> [Vector] {
  throw .unsupported("gathering")
}
