import Tensors

/// What the graph must know of a kind of layer: its shapes, its cost and how its channels hang together.
///
/// Shapes are those of one sample, without the batch axis. One conforming type per file in `Layers/`.
public protocol LayerRule: Hashable, Sendable {
    /// The weights this layer has for the given inputs, in Keras' order.
    func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification]

    /// The shape of the output for the given inputs.
    func outputShape(for inputs: [Shape]) throws(RuleFault) -> Shape

    /// How often each weight element is multiplied in one forward pass of one sample, one number per weight.
    ///
    /// The macs of the layer are the sum over weights of elements times uses; zero for weights outside matrix products.
    func uses(inputs: [Shape], output: Shape) -> [Int]

    /// Names the slots of the output's channel axis and says which weight slices go with which slots.
    func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot]

    /// This layer's settings after surgery took its output from so many channels to so many.
    func resized(from before: Int, to after: Int) -> Self
}

extension LayerRule {
    /// No weights.
    public func weights(for inputs: [Shape]) throws(RuleFault) -> [WeightSpecification] { [] }

    /// No multiplications.
    public func uses(inputs: [Shape], output: Shape) -> [Int] { [] }

    /// Passes the slots of the only input through.
    public func couple(_ call: LayerCall, in coupling: inout ChannelCoupling) -> [Slot] {
        call.inputSlots[0]
    }

    /// Nothing to resize.
    public func resized(from before: Int, to after: Int) -> Self { self }

    /// The only input's shape, of the given rank where one is given.
    func singleInput(_ inputs: [Shape], rank: Int? = nil) throws(RuleFault) -> Shape {
        guard inputs.count == 1 else {
            throw .input(expected: "one input", found: "\(inputs.count) inputs")
        }
        if let rank, inputs[0].rank != rank {
            throw .input(
                expected: "an input with \(rank) axes after the batch",
                found: "shape \(inputs[0])"
            )
        }
        return inputs[0]
    }
}

/// What a weight is for.
public enum WeightRole: String, Hashable, Sendable, Codable, CaseIterable {
    /// A matrix or filter bank.
    case kernel
    /// An addend per output channel.
    case bias
    /// A normalization's scale.
    case gamma
    /// A normalization's offset.
    case beta
    /// A mean kept from training.
    case movingMean
    /// A variance kept from training.
    case movingVariance
    /// A slope below zero.
    case alpha
}

/// One weight a layer has: what for, its shape, and whether training changes it by gradient.
public struct WeightSpecification: Hashable, Sendable {
    /// What the weight is for.
    public var role: WeightRole
    /// The shape in Keras' order.
    public var shape: Shape
    /// False for statistics, which no gradient reaches.
    public var isTrainable: Bool

    /// Makes a specification.
    public init(_ role: WeightRole, _ shape: Shape, isTrainable: Bool = true) {
        self.role = role
        self.shape = shape
        self.isTrainable = isTrainable
    }
}

/// One use of a layer, as the coupling rules see it.
public struct LayerCall: Sendable {
    /// The slots of each input's channel axis.
    public var inputSlots: [[Slot]]
    /// The shape of each input.
    public var inputShapes: [Shape]
    /// The shape of the output.
    public var outputShape: Shape
}
