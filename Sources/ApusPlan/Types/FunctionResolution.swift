// FunctionResolution owns the choice among functions or operators of one name by argument types (PostgreSQL 15's
// manual, sections 10.2 and 10.3).

import ApusColumns
import ApusFunctions

/// What the choice needs of a function of any kind.
struct Candidate {
  enum Callable {
    case scalar(ScalarFunction)
    case aggregate(AggregateFunction)
    case table(TableFunction)
    case window(WindowFunction)
  }
  var callable: Callable
  var parameters: [ParameterType]
}

enum Resolution {
  case found(Candidate, argumentTypes: [DataType], polymorphic: Polymorphism)
  case none
  case ambiguous
}

/// What the polymorphic parameters of a call were bound to.
struct Polymorphism {
  var element: DataType?
  var compatible: DataType?
}

struct FunctionResolution {
  let coercions: Coercions

  func resolve(_ candidates: [Candidate], _ inputs: [DataType], isOperator: Bool) -> Resolution {
    if let exact = exact(candidates, inputs, isOperator: isOperator) { return finish(exact, inputs) }
    var fitting = candidates.filter { fits($0.parameters, inputs) }
    if fitting.count > 1 { fitting = select(fitting, inputs) }
    if fitting.isEmpty { return .none }
    if fitting.count > 1 { return .ambiguous }
    return finish(fitting[0], inputs)
  }

  /// All argument types equal the declared ones. An operand without a type is taken to be of the other's type.
  private func exact(_ candidates: [Candidate], _ inputs: [DataType], isOperator: Bool) -> Candidate? {
    var wanted = inputs
    if isOperator, inputs.count == 2 {
      if wanted[0] == .unknown { wanted[0] = wanted[1] } else if wanted[1] == .unknown { wanted[1] = wanted[0] }
    }
    if wanted.contains(.unknown) { return nil }
    return candidates.first { candidate in
      candidate.parameters.count == wanted.count
        && zip(candidate.parameters, wanted).allSatisfy { $0 == .exact($1) }
    }
  }

  private func fits(_ parameters: [ParameterType], _ inputs: [DataType]) -> Bool {
    guard parameters.count == inputs.count else { return false }
    for (parameter, input) in zip(parameters, inputs) {
      switch parameter {
      case .exact(let type): if !coercions.canCoerce(input, to: type, .implicit) { return false }
      case .anyArray, .anyCompatibleArray: if input != .unknown, input.elementType == nil { return false }
      case .anyNonArray: if case .array = input { return false }
      case .anyElement, .anyCompatible, .any: break
      }
    }
    return polymorphism(parameters, inputs) != nil
  }

  /// Types of the polymorphic parameters; nil when they contradict one another.
  func polymorphism(_ parameters: [ParameterType], _ inputs: [DataType]) -> Polymorphism? {
    var result = Polymorphism()
    for (parameter, input) in zip(parameters, inputs) where input != .unknown {
      switch parameter {
      case .anyElement, .anyNonArray:
        if let bound = result.element, bound != input { return nil }
        result.element = input
      case .anyArray:
        guard let element = input.elementType else { return nil }
        if let bound = result.element, bound != element { return nil }
        result.element = element
      case .anyCompatible: guard widen(&result.compatible, input) else { return nil }
      case .anyCompatibleArray:
        guard let element = input.elementType, widen(&result.compatible, element) else { return nil }
      case .exact, .any: break
      }
    }
    return result
  }

  private func widen(_ type: inout DataType?, _ input: DataType) -> Bool {
    guard let current = type, current != input else {
      type = input
      return true
    }
    if current.category != input.category { return false }
    if coercions.canCoerce(current, to: input, .implicit), !coercions.canCoerce(input, to: current, .implicit) {
      type = input
      return true
    }
    return coercions.canCoerce(input, to: current, .implicit)
  }

  private func finish(_ candidate: Candidate, _ inputs: [DataType]) -> Resolution {
    guard let bound = polymorphism(candidate.parameters, inputs) else { return .none }
    var types: [DataType] = []
    for (parameter, input) in zip(candidate.parameters, inputs) {
      switch parameter {
      case .exact(let type): types.append(type)
      case .anyElement, .anyNonArray: types.append(bound.element ?? .text)
      case .anyArray:
        types.append(bound.element.map { input.elementType == $0 ? input : .array($0) } ?? .array(.text))
      case .anyCompatible: types.append(bound.compatible ?? .text)
      case .anyCompatibleArray:
        let element = bound.compatible ?? .text
        types.append(input.elementType == element ? input : .array(element))
      case .any: types.append(input == .unknown ? .text : input)
      }
    }
    return .found(candidate, argumentTypes: types, polymorphic: bound)
  }

  /// PostgreSQL's func_select_candidate.
  private func select(_ candidates: [Candidate], _ inputs: [DataType]) -> [Candidate] {
    var left = best(candidates) { candidate in
      count(candidate, inputs) { type, input in input != .unknown && type == input }
    }
    if left.count == 1 { return left }
    let categories = inputs.map(\.category)
    left = best(left) { candidate in
      count(candidate, inputs) { type, input in
        input != .unknown && (type == input || (type.category == input.category && type.isPreferred))
      }
    }
    if left.count == 1 { return left }
    guard inputs.contains(.unknown) else { return left }
    if let narrowed = byCategory(left, inputs, categories) {
      left = narrowed
      if left.count == 1 { return left }
    }
    // Operands without a type are taken to be of the one type of the others.
    let known = Set(inputs.filter { $0 != .unknown })
    if known.count == 1, let type = known.first {
      let same = left.filter { fits($0.parameters, inputs.map { $0 == .unknown ? type : $0 }) }
      if same.count == 1 { return same }
    }
    return left
  }

  /// For each argument without a type: string if a candidate takes it, else the one category of all; then candidates
  /// with the preferred type there. nil when the categories differ.
  private func byCategory(
    _ candidates: [Candidate], _ inputs: [DataType], _ categories: [TypeCategory]
  ) -> [Candidate]? {
    var wanted = categories
    var preferred = Array(repeating: false, count: inputs.count)
    for index in inputs.indices where inputs[index] == .unknown {
      var category: TypeCategory?
      var disagrees = false
      for candidate in candidates {
        let (found, isPreferred) = kind(of: candidate.parameters[index])
        if category == nil {
          category = found
          preferred[index] = isPreferred
        } else if category == found {
          preferred[index] = preferred[index] || isPreferred
        } else if found == .string {
          category = .string
          preferred[index] = isPreferred
          disagrees = false
        } else if category != .string {
          disagrees = true
        }
      }
      if disagrees { return nil }
      wanted[index] = category ?? .unknown
    }
    let kept = candidates.filter { candidate in
      inputs.indices.allSatisfy { index in
        guard inputs[index] == .unknown else { return true }
        let (found, isPreferred) = kind(of: candidate.parameters[index])
        return found == wanted[index] && (!preferred[index] || isPreferred)
      }
    }
    return kept.isEmpty ? nil : kept
  }

  private func kind(of parameter: ParameterType) -> (TypeCategory, Bool) {
    if case .exact(let type) = parameter { return (type.category, type.isPreferred) }
    return (.pseudo, false)
  }

  private func count(_ candidate: Candidate, _ inputs: [DataType], _ test: (DataType, DataType) -> Bool) -> Int {
    var total = 0
    for (parameter, input) in zip(candidate.parameters, inputs) {
      if case .exact(let type) = parameter, test(type, input) { total += 1 }
    }
    return total
  }

  private func best(_ candidates: [Candidate], _ score: (Candidate) -> Int) -> [Candidate] {
    var highest = 0
    var kept: [Candidate] = []
    for candidate in candidates {
      let value = score(candidate)
      if value > highest {
        highest = value
        kept = [candidate]
      } else if value == highest {
        kept.append(candidate)
      }
    }
    return kept
  }
}

extension ResultType {
  func type(_ polymorphism: Polymorphism) -> DataType {
    switch self {
    case .exact(let type): type
    case .element: polymorphism.element ?? polymorphism.compatible ?? .text
    case .array: .array(polymorphism.element ?? polymorphism.compatible ?? .text)
    }
  }
}
