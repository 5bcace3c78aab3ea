import Graph
import Pruning
import Tensors
import Testing

@Suite struct UniformRuleTests {
    /// Three convolutions of four filters at one size, and two at half of it.
    private func network() throws -> Network {
        var builder = NetworkBuilder(input: [8, 8, 3])
        var node = 0
        for name in ["first", "second", "third"] {
            node = builder.relu("\(name) relu", builder.convolution(name, node, 4))
        }
        node = builder.relu("small relu", builder.convolution("small", node, 4, stride: 2))
        node = builder.relu("last relu", builder.convolution("last", node, 4))
        let output = builder.convolution("answer", node, 2)
        return try builder.network(output: output)
    }

    private let scores: [[Double]] = [
        [1, 2, 3, 4],  // mean 2.5: two stay
        [1, 1, 1, 9],  // mean 3: one stays
        [0, 5, 5, 6],  // mean 4: three stay
        [2, 2, 2, 2],  // all at the mean: all stay below a factor of one
        [7, 0, 0, 1],  // mean 2: one stays
    ]

    private func kept(_ rule: UniformRule, floors: [Int] = [1, 1, 1, 1, 1]) throws -> [[Int]] {
        let network = try network()
        return rule.kept(
            scores: scores,
            groups: CouplingAnalysis(network).groups,
            network: network,
            floors: floors
        )
    }

    @Test("what scores above the group's mean stays")
    func threshold() throws {
        let kept = try kept(UniformRule())
        #expect(kept == [[2, 3], [3], [1, 2, 3], [0, 1, 2, 3], [0]])
    }

    @Test("a smaller factor keeps more, a larger one less, never below the floors")
    func factor() throws {
        #expect(
            try kept(UniformRule(factor: 0.5))
                == [[1, 2, 3], [3], [1, 2, 3], [0, 1, 2, 3], [0]]
        )
        #expect(
            try kept(UniformRule(factor: 2), floors: [2, 1, 4, 3, 2])
                == [[2, 3], [3], [0, 1, 2, 3], [1, 2, 3], [0, 3]]
        )
    }

    @Test("groups of one stage keep the rounded mean of what each would keep")
    func equalWidths() throws {
        // First stage 2, 1, 3: two each. Second stage 4 and 1: two and a half, rounded to three.
        #expect(
            try kept(UniformRule(hasEqualWidths: true))
                == [[2, 3], [2, 3], [2, 3], [1, 2, 3], [0, 2, 3]]
        )
    }

    @Test("groups that may not be cut stay whole and have no say")
    func frozen() throws {
        #expect(
            try kept(UniformRule(hasEqualWidths: true), floors: [1, 1, 4, 1, 4])
                == [[2, 3], [2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]]
        )
        let network = try network()
        let kept = UniformRule(factor: 2).kept(
            scores: [nil] + scores.dropFirst().map { $0 },
            groups: CouplingAnalysis(network).groups,
            network: network,
            floors: [1, 1, 1, 1, 1]
        )
        #expect(kept[0] == [0, 1, 2, 3])
        #expect(kept[1] == [3])
    }
}
