import Graph
import Tensors
import Testing

/// The counts that the literature agrees on (METHODS 7.2), from networks built here.
@Suite struct GoldenCostTests {
    /// The residual network for 32 x 32 images.
    ///
    /// Source: He et al. 2016, "Deep Residual Learning for Image Recognition", section 4.2.
    private func resNet(depth: Int, projects: Bool) throws -> Network {
        var builder = NetworkBuilder(input: [32, 32, 3])
        var node = builder.convolution("stem", 0, 16, isRandom: false)
        node = builder.normalization("stem_bn", node, isRandom: false)
        var block = 0
        for (stage, width) in [16, 32, 64].enumerated() {
            for index in 0..<(depth - 2) / 6 {
                let isDown = stage > 0 && index == 0
                node = self.block(&builder, "b\(block)", node, width, isDown, projects: projects)
                block += 1
            }
        }
        node = builder.add("pool", .globalPooling2D(GlobalPooling2D(.average)), reading: [node])
        node = builder.dense("fc", node, 64, 10)
        return try builder.network(output: node)
    }

    private func block(
        _ builder: inout NetworkBuilder,
        _ name: String,
        _ start: Int,
        _ width: Int,
        _ isDown: Bool,
        projects: Bool
    ) -> Int {
        let stride = isDown ? 2 : 1
        var node = builder.convolution(name + "_1", start, width, stride: stride, isRandom: false)
        node = builder.normalization(name + "_bn1", node, isRandom: false)
        node = builder.convolution(name + "_2", node, width, isRandom: false)
        node = builder.normalization(name + "_bn2", node, isRandom: false)
        var shortcut = start
        if isDown {
            // The literature's option A pads channels without weights; it is left out here.
            guard projects else { return node }
            shortcut = builder.convolution(
                name + "_s",
                start,
                width,
                size: 1,
                stride: 2,
                isRandom: false
            )
            shortcut = builder.normalization(name + "_sbn", shortcut, isRandom: false)
        }
        return builder.add(name + "_add", .merge(Merge(.add)), reading: [node, shortcut])
    }

    private func vgg(_ widths: [Int], usesBias: Bool, heads: [Int]) throws -> Network {
        var builder = NetworkBuilder(input: [32, 32, 3])
        var (node, index) = (0, 0)
        for width in widths {
            if width == 0 {
                node = builder.add(
                    "pool\(index)",
                    .pooling2D(
                        Pooling2D(
                            .maximum,
                            window: SlidingWindow(size: Size2D(2, 2), strides: Size2D(2, 2))
                        )
                    ),
                    reading: [node]
                )
            } else {
                node = builder.convolution(
                    "conv\(index)",
                    node,
                    width,
                    usesBias: usesBias,
                    isRandom: false
                )
                node = builder.normalization("bn\(index)", node, isRandom: false)
            }
            index += 1
        }
        node = builder.add("flat", .flatten(Flatten()), reading: [node])
        var length = widths.last { $0 > 0 } ?? 0
        for (index, units) in heads.enumerated() {
            node = builder.dense("fc\(index)", node, length, units)
            if index + 1 < heads.count {
                node = builder.normalization("fc_bn\(index)", node, isRandom: false)
            }
            length = units
        }
        return try builder.network(output: node)
    }

    private let vgg16 = [
        64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0,
    ]

    /// The macs and weights of convolutions, and the same with dense layers and their biases: what papers print.
    private struct Count: Equatable {
        var convolutionMacs = 0
        var macs = 0
        var convolutionKernels = 0
        var parameters = 0
    }

    private func count(_ network: Network) -> Count {
        var count = Count()
        for index in network.nodes.indices {
            let layer = network.layer(of: index)
            let uses = layer.kind.rule.uses(
                inputs: network.inputShapes(of: index),
                output: network.shapes[index]
            )
            let macs = zip(layer.weights, uses).reduce(0) { $0 + $1.0.count * $1.1 }
            switch layer.kind {
            case .convolution2D:
                count.convolutionMacs += macs
                count.macs += macs
                count.convolutionKernels += layer.weights[0].count
                count.parameters += layer.weights[0].count
            case .dense:
                count.macs += macs
                count.parameters += layer.weights.reduce(0) { $0 + $1.count }
            default: break
            }
        }
        return count
    }

    @Test("ResNet-56 counts as in the literature, with either shortcut")
    func resNet56() throws {
        let plain = try resNet(depth: 56, projects: false)
        #expect(plain.cost.macs == 125_485_696)
        #expect(plain.cost.trainableParameters == 853_018)
        #expect(plain.cost.parameters == 857_082)
        #expect(count(plain).convolutionMacs == 125_485_056)
        #expect(count(plain).macs == plain.cost.macs)
        #expect(count(plain).parameters == 848_954)
        let projected = try resNet(depth: 56, projects: true)
        #expect(projected.cost.macs == 125_747_840)
        #expect(projected.cost.trainableParameters == 855_770)
        #expect(projected.cost.parameters == 860_026)
        #expect(count(projected).convolutionMacs == 125_747_200)
        #expect(count(projected).parameters == 851_514)
    }

    @Test(
        "VGG-16 for CIFAR counts as in the literature, whole, with two heads, and as PFEC cuts it"
    )
    func vggCost() throws {
        let network = try vgg(vgg16, usesBias: false, heads: [10])
        #expect(network.cost.macs == 313_201_664)
        #expect(network.cost.trainableParameters == 14_724_042)
        #expect(count(network).convolutionMacs == 313_196_544)
        #expect(count(network).parameters == 14_715_594)
        let hrank = try vgg(vgg16, usesBias: true, heads: [512, 10])
        #expect(hrank.cost.macs == 313_463_808)
        #expect(hrank.cost.trainableParameters == 14_991_946)
        #expect(count(hrank).convolutionMacs == 313_196_544)
        #expect(count(hrank).parameters == 14_978_250)
        let pfec = [32, 64, 0, 128, 128, 0, 256, 256, 256, 0, 256, 256, 256, 0, 256, 256, 256, 0]
        let cut = count(try vgg(pfec, usesBias: false, heads: [10]))
        #expect(cut.convolutionMacs == 206_143_488)
        #expect(cut.convolutionKernels == 5_253_984)
        #expect(removed(cut.convolutionMacs, of: count(network).convolutionMacs) == 34.18)
        #expect(removed(cut.convolutionKernels, of: count(network).convolutionKernels) == 64.28)
    }

    /// The percentage that is gone, as printed.
    private func removed(_ after: Int, of before: Int) -> Double {
        (10_000 * (1 - Double(after) / Double(before))).rounded() / 100
    }

    @Test("cutting ResNet-56 as PFEC-A, PFEC-B and by half costs what the papers print")
    func pfec() throws {
        let teacher = try resNet(depth: 56, projects: false)
        let analysis = CouplingAnalysis(teacher)
        let model = CostModel(teacher, groups: analysis.groups)
        let whole = count(teacher)
        // Layers are counted as the paper does: first convolutions of blocks are 2, 4, ... 54.
        func expect(
            _ macs: Int,
            _ parameters: Int,
            less: (Double, Double),
            _ share: (Int) -> Double
        ) throws {
            let kept = analysis.groups.map { group in
                guard group.name.hasSuffix("_1"),
                    let block = Int(group.name.dropFirst().dropLast(2))
                else { return Array(0..<group.width) }
                return Array(0..<Int(Double(group.width) * (1 - share(block))))
            }
            let cut = try teacher.keeping(kept, of: analysis)
            #expect(model.cost(keeping: kept.map(\.count)) == cut.cost)
            #expect(cut.cost.macs == macs)
            #expect(count(cut).parameters == parameters)
            #expect(removed(macs, of: whole.macs) == less.0)
            #expect(removed(parameters, of: whole.parameters) == less.1)
        }
        try expect(112_435_840, 769_466, less: (10.4, 9.36)) {
            [16, 20, 38, 54].contains(2 * $0 + 2) ? 0 : 0.1
        }
        try expect(90_907_264, 732_026, less: (27.56, 13.77)) { block in
            [16, 18, 20, 34, 38, 54].contains(2 * block + 2) ? 0 : [0.6, 0.3, 0.1][block / 9]
        }
        try expect(62_964_352, 425_018, less: (49.82, 49.94)) { _ in 0.5 }
    }
}
