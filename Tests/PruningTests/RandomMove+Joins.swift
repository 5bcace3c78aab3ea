import Graph
import Tensors

/// The arrangements in which a node is read more than once, and the heads.
extension RandomNetwork {
    /// Makes a move that splits and joins.
    mutating func join(_ move: RandomMove, from node: Int) throws -> Int {
        switch move {
        case .identityResidual, .projectionResidual: try residual(move, node)
        case .merge: try merge(node)
        case .squeezeByDense: try squeezeByDense(node)
        case .squeezeByConvolution: try squeezeByConvolution(node)
        case .spatialGate: try spatialGate(node)
        case .broadcastSum: try broadcastSum(node)
        case .sharedConvolution, .sharedNormalization, .sharedModel: try share(move, node)
        default: try concatenate(move, node)
        }
    }

    private mutating func activated(_ node: Int) throws -> Int {
        try add(.activation(.relu()), [add(.batchNormalization(BatchNormalization()), [node])])
    }

    private mutating func residual(_ move: RandomMove, _ node: Int) throws -> Int {
        let isStrided = move == .projectionResidual && shapes[node][1] >= 4 && chance(1, of: 2)
        let stride = isStrided ? 2 : 1
        let width = move == .identityResidual ? shapes[node].channels : pick(3...6)
        var branch = try activated(
            convolution(node, filters: pick(2...6), size: 3, stride: stride)
        )
        branch = try convolution(branch, filters: width, size: 1)
        let shortcut =
            move == .identityResidual
            ? node : try convolution(node, filters: width, size: 1, stride: stride)
        return try add(
            .merge(Merge(.add)),
            chance(1, of: 2) ? [branch, shortcut] : [shortcut, branch]
        )
    }

    private mutating func merge(_ node: Int) throws -> Int {
        let operation = one(of: [
            Merge.Operation.subtract, .average, .maximum, .minimum, .multiply, .add,
        ])
        let width = pick(3...5)
        let count = operation == .subtract ? 2 : pick(2...3)
        let parts = try (0..<count).map { _ in
            try convolution(node, filters: width, size: one(of: [1, 3]))
        }
        return try add(.merge(Merge(operation)), parts)
    }

    private mutating func squeezeByDense(_ node: Int) throws -> Int {
        let width = shapes[node].channels
        let keeps = chance(1, of: 3)
        var gate = try add(
            .globalPooling2D(GlobalPooling2D(.average, keepsDimensions: keeps)),
            [node]
        )
        gate = try add(.activation(.relu()), [add(.dense(Dense(units: 3)), [gate])])
        gate = try add(.dense(Dense(units: width)), [gate])
        if shapes[gate].rank == 1, chance(1, of: 2) {
            gate = try add(.reshape(Reshape(target: [1, 1, width])), [gate])
        }
        return try scaled(node, by: gate)
    }

    private mutating func squeezeByConvolution(_ node: Int) throws -> Int {
        let width = shapes[node].channels
        var gate = try add(.globalPooling2D(GlobalPooling2D(.average)), [node])
        gate = try add(.reshape(Reshape(target: [1, 1, width])), [gate])
        gate = try add(.activation(.silu), [convolution(gate, filters: 3, size: 1)])
        return try scaled(node, by: convolution(gate, filters: width, size: 1))
    }

    private mutating func spatialGate(_ node: Int) throws -> Int {
        try scaled(node, by: single(node, size: 3))
    }

    /// A convolution to one channel, which is read elsewhere too: as a channel of its own it could go.
    private mutating func single(_ node: Int, size: Int) throws -> Int {
        let single = try convolution(node, filters: 1, size: size)
        if chance(1, of: 2) { _ = try convolution(single, filters: 2, size: 1) }
        return single
    }

    private mutating func scaled(_ node: Int, by gate: Int) throws -> Int {
        let open = try add(.activation(one(of: [.sigmoid, .hardSigmoid()])), [gate])
        let order = chance(1, of: 2) ? [node, open] : [open, node]
        return try add(.merge(Merge(.multiply)), order)
    }

    private mutating func broadcastSum(_ node: Int) throws -> Int {
        keepsZeros = false
        let other = try single(node, size: 1)
        return try add(.merge(Merge(one(of: [.add, .maximum]))), [node, other])
    }

    private mutating func concatenate(_ move: RandomMove, _ node: Int) throws -> Int {
        if move == .concatenateItself { return try add(.concatenate(Concatenate()), [node, node]) }
        if move == .concatenateRows {
            let other = try convolution(node, filters: shapes[node].channels, size: 3)
            return try add(.concatenate(Concatenate(axisFromLast: pick(1...2))), [node, other])
        }
        var parts = try (0..<pick(1...2)).map { _ in
            try convolution(node, filters: pick(1...4), size: one(of: [1, 3]))
        }
        parts.insert(node, at: pick(0...parts.count))
        return try add(.concatenate(Concatenate()), parts)
    }

    /// A layer, or a whole model of three layers, that is called twice; a nested model is inlined like this.
    private mutating func share(_ move: RandomMove, _ node: Int) throws -> Int {
        let width = shapes[node].channels
        let begin = nodes.count
        var first: Int
        switch move {
        case .sharedConvolution: first = try convolution(node, filters: width, size: 3)
        case .sharedNormalization:
            first = try add(.batchNormalization(BatchNormalization()), [node])
        default:
            first = try activated(convolution(node, filters: pick(2...5), size: 3))
            first = try convolution(first, filters: width, size: 1)
        }
        let made = begin..<nodes.count
        let start = chance(1, of: 2) ? first : try convolution(node, filters: width, size: 3)
        var second = start
        for call in made { second = try self.call(nodes[call].layer, [second]) }
        return try chance(1, of: 2)
            ? add(.merge(Merge(.add)), [first, second])
            : add(.concatenate(Concatenate()), [first, second])
    }

    /// What reads an end: a classifier behind pooling or Flatten, or the image itself as an output.
    mutating func head(_ end: Int) throws -> Int {
        guard shapes[end].rank == 3 else { return end }
        switch pick(0...5) {
        case 0:
            return try add(.activation(.softmax), [convolution(end, filters: 2, size: 1)])
        case 1, 2:
            var node = try add(.flatten(Flatten()), [end])
            node = try add(.dense(Dense(units: pick(3...5))), [node])
            node = try add(.activation(.relu()), [node])
            return try add(.dense(Dense(units: 3)), [node])
        case 3 where shapes[end][0] == 1:
            let sequence = try add(.heightAxis(.removed), [end])
            return try add(.dense(Dense(units: 3)), [add(.flatten(Flatten()), [sequence])])
        default:
            let pool = GlobalPooling2D(one(of: [.average, .maximum]))
            var node = try add(.globalPooling2D(pool), [end])
            if chance(1, of: 2) { node = try activated(node) }
            return try add(.dense(Dense(units: 3)), [node])
        }
    }
}
