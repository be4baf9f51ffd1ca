// ExpressionCompiler owns the way from bound expressions to nodes. Each worker compiles its own.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

extension QueryState {
  func nodes(_ expressions: [ApusPlan.Expression]) throws(ApusError) -> [Node] {
    var list: [Node] = []
    for expression in expressions { list.append(try node(expression)) }
    return list
  }

  /// The node of an expression over the columns of a frame.
  func node(_ expression: ApusPlan.Expression) throws(ApusError) -> Node {
    switch expression {
    case .column(let index, let type): return ColumnNode(index, type: type)
    case .outer: throw .unexpected("a reference to an outer query was not replaced")
    case .literal(let value, let type): return LiteralNode(value, type: type)
    case .parameter(let number, let type):
      guard number >= 1, number <= parameters.count else {
        throw ApusError(.undefinedParameter, "there is no parameter $\(number)")
      }
      return LiteralNode(parameters[number - 1], type: type)
    case .call(let function, let arguments, let type):
      return CallNode(function, try nodes(arguments), type: type, context: context)
    case .relabel(let input, let type): return RelabelNode(try node(input), type: type)
    case .arrayCast(let input, let element, let type):
      return ArrayCastNode(try node(input), element, type: type, context: context)
    case .and(let operands): return JunctionNode(try ordered(operands), isAnd: true)
    case .or(let operands): return JunctionNode(try ordered(operands), isAnd: false)
    case .not(let input): return NotNode(try node(input))
    case .isNull(let input, let negated): return IsNullNode(try node(input), negated: negated)
    case .booleanTest(let input, let test): return BooleanTestNode(try node(input), test)
    case .distinctFrom(let left, let right, let equals, let negated):
      return DistinctFromNode(try node(left), try node(right), equals: equals, negated: negated, context: context)
    case .coalesce(let inputs, let type): return CoalesceNode(try nodes(inputs), type: type)
    case .extremum(let inputs, let greatest, let type):
      return ExtremumNode(try nodes(inputs), greatest: greatest, type: type)
    default: return try compositeNode(expression)
    }
  }

  private func compositeNode(_ expression: ApusPlan.Expression) throws(ApusError) -> Node {
    switch expression {
    case .caseWhen(let branches, let otherwise, let type):
      var list: [(condition: Node, result: Node)] = []
      for branch in branches { list.append((try node(branch.condition), try node(branch.result))) }
      var last: Node?
      if let otherwise { last = try node(otherwise) }
      return CaseNode(list, otherwise: last, type: type)
    case .inList(let input, let values, let type, let negated):
      return InListNode(try node(input), values, type: type, negated: negated)
    case .quantified(let left, let function, let array, let all):
      return QuantifiedNode(try node(left), function, array: try node(array), all: all, context: context)
    case .array(let inputs, let element): return ArrayNode(try nodes(inputs), element: element)
    case .subscript_(let input, let index, let type):
      return SubscriptNode(try node(input), index: try node(index), type: type)
    case .slice(let input, let lower, let upper, let type):
      var low: Node?
      var high: Node?
      if let lower { low = try node(lower) }
      if let upper { high = try node(upper) }
      return SliceNode(try node(input), lower: low, upper: high, type: type)
    case .row(let inputs): return RowNode(try nodes(inputs), context: context)
    case .field(let input, let index, let type):
      if case .row(let items) = input, index < items.count { return try node(items[index]) }
      return RecordFieldNode(try node(input), index: index, type: type, context: context)
    case .subquery(let query): return try subqueryNode(query)
    default: throw .unexpected("an expression that the executor does not know")
    }
  }

  /// Operands that cannot fail first, the cheap ones among them first.
  private func ordered(_ operands: [ApusPlan.Expression]) throws(ApusError) -> [Node] {
    let list = try nodes(operands)
    let places = list.indices.sorted { a, b in
      if list[a].mayFail != list[b].mayFail { return !list[a].mayFail }
      if list[a].mayFail { return a < b }
      return list[a].cost == list[b].cost ? a < b : list[a].cost < list[b].cost
    }
    return places.map { list[$0] }
  }
}
