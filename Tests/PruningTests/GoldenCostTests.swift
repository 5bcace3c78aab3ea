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
            length = units
        }
        return try builder.network(output: node)
    }

    private let vgg16 = [
        64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0,
    ]

    @Test("ResNet-56 counts as in the literature, with either shortcut")
    func resNet56() throws {
        let plain = try resNet(depth: 56, projects: false).cost
        #expect(plain.macs == 125_485_696)
        #expect(plain.trainableParameters == 853_018)
        #expect(plain.parameters == 857_082)
        let projected = try resNet(depth: 56, projects: true).cost
        #expect(projected.macs == 125_747_840)
        #expect(projected.trainableParameters == 855_770)
        #expect(projected.parameters == 860_026)
    }

    @Test("VGG-16 for CIFAR counts as in the literature")
    func vggCost() throws {
        let network = try vgg(vgg16, usesBias: false, heads: [10])
        #expect(network.cost.macs == 313_201_664)
        #expect(network.cost.trainableParameters == 14_724_042)
        let hrank = try vgg(vgg16, usesBias: true, heads: [512, 10]).cost
        #expect(hrank.macs == 313_463_808)
        let pfec = [32, 64, 0, 128, 128, 0, 256, 256, 256, 0, 256, 256, 256, 0, 256, 256, 256, 0]
        let cut = try vgg(pfec, usesBias: false, heads: [10])
        #expect(cut.cost.macs - 256 * 10 == 206_143_488)
        let share = Double(cut.cost.macs - 2560) / Double(network.cost.macs - 5120)
        #expect(((1 - share) * 1000).rounded() / 10 == 34.2)
    }

    @Test("cutting ResNet-56 as PFEC-A, PFEC-B and by half costs what the papers print")
    func pfec() throws {
        let teacher = try resNet(depth: 56, projects: false)
        let analysis = CouplingAnalysis(teacher)
        let model = CostModel(teacher, groups: analysis.groups)
        // Layers are counted as the paper does: first convolutions of blocks are 2, 4, ... 54.
        func macs(_ share: (Int) -> Double) -> Int {
            let kept = analysis.groups.map { group in
                guard group.name.hasSuffix("_1"),
                    let block = Int(group.name.dropFirst().dropLast(2))
                else { return group.width }
                return Int(Double(group.width) * (1 - share(block)))
            }
            return model.cost(keeping: kept).macs
        }
        let whole = teacher.cost.macs
        let first = macs { [16, 20, 38, 54].contains(2 * $0 + 2) ? 0 : 0.1 }
        #expect(first == 112_435_840)
        let second = macs { block in
            [16, 18, 20, 34, 38, 54].contains(2 * block + 2) ? 0 : [0.6, 0.3, 0.1][block / 9]
        }
        #expect(second == 90_907_264)
        #expect((1000 * (1 - Double(second) / Double(whole))).rounded() / 10 == 27.6)
        #expect(macs { _ in 0.5 } == 62_964_352)
    }
}
