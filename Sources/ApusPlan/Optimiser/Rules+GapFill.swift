// Pruning of gap-filling nodes: the keys are always read, other columns and calls where something above needs them.

extension Rules {
  func prunedGapFill(
    _ input: LogicalPlan, _ gaps: GapFill, _ fields: [Field], _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    let width = input.fields.count
    func isWanted(_ demand: ColumnDemand) -> Bool { demand.isWhole || !demand.paths.isEmpty }
    let calls = gaps.calls.indices.filter { isWanted(demand[width + $0]) }
    // Whole columns only: in added rows a path of a key must be that of the key.
    var wanted = demand[..<width].map { ColumnDemand(isWhole: isWanted($0)) }
    for key in gaps.keys + [gaps.time] { wanted[key].isWhole = true }
    for index in calls {
      let call = gaps.calls[index]
      for part in [call.value, call.previous] {
        for column in part.map({ references($0) }) ?? [] { wanted[column].isWhole = true }
      }
    }
    let kept = wanted.indices.filter { wanted[$0].isWhole }
    let inner = pruned(input, wanted)
    let below = exactly(
      PrunedPlan(plan: inner.plan, places: kept.map { inner.places[$0] }), kept.map { input.fields[$0] })
    var place = [Int](repeating: 0, count: width)
    for (index, column) in kept.enumerated() { place[column] = index }
    var moved = gaps
    moved.time = place[gaps.time]
    moved.keys = gaps.keys.map { place[$0] }
    moved.calls = calls.map { index in
      var call = gaps.calls[index]
      func placed(_ expression: Expression) -> Expression {
        expression.mapReferences { level, column, type in level == 0 ? .column(place[column], type) : nil }
      }
      call.value = placed(call.value)
      call.previous = call.previous.map(placed)
      return call
    }
    let all = kept + calls.map { width + $0 }
    return satisfied(.gapFill(below, moved, fields: all.map { fields[$0] }), all, demand)
  }
}
