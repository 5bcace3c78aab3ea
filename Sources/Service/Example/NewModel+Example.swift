extension NewModel {
    /// The sample model: three convolutions of 16, 32 and 64 filters, a residual block at 32, and a softmax.
    ///
    /// Small, but with a coupled group, so that it shows what compression has to solve.
    static func example(classes: Int) -> NewModel {
        let side = ExampleImages.side
        var model = NewModel(name: "example", image: [side, side, 3])
        model.convolve("stem", filters: 16)
        model.convolve("down1", filters: 32, strides: 2)
        let beforeBlock = model.last
        model.convolve("block_a", filters: 32)
        model.convolve("block_b", filters: 32, activates: false)
        model.sum("sum", with: beforeBlock)
        model.convolve("down2", filters: 64, strides: 2)
        model.average("pool")
        model.classify("classes", classes: classes)
        return model
    }
}
