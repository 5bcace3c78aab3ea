import Foundation
import FoundationXML
import JobFiles
import Testing

@Suite struct AxisTests {
    @Test(
        "ticks are round, rise evenly and span the data",
        arguments: [(0.0, 1.0), (0.31, 0.872), (-3, 17), (1.2e6, 1.25e7), (4e-7, 9e-7), (5, 5.001)]
    )
    func linear(range: (Double, Double)) {
        let ticks = Ticks(linearFrom: range.0, to: range.1, count: 5, notation: .plain)
        let steps = zip(ticks.values.dropFirst(), ticks.values).map { $0 - $1 }
        #expect((3...8).contains(ticks.values.count), "\(ticks.values)")
        #expect(steps.allSatisfy { abs($0 - steps[0]) < steps[0] * 1e-6 && $0 > 0 })
        let mantissa = steps[0] / pow(10, log10(steps[0]).rounded(.down))
        #expect([1.0, 2, 5, 10].contains { abs($0 - mantissa) < 1e-6 }, "\(steps[0])")
        #expect(ticks.values[0] <= range.0 + steps[0] * 1e-6)
        #expect(ticks.values[ticks.values.count - 1] >= range.1 - steps[0] * 1e-6)
        #expect(Set(ticks.labels).count == ticks.labels.count, "\(ticks.labels)")
    }

    @Test("ticks of a logarithmic axis are powers of ten, with twice and five times between few")
    func logarithmic() {
        let wide = Ticks(logarithmicFrom: 3e-4, to: 40, notation: .plain)
        #expect(wide.labels == ["0.0001", "0.001", "0.01", "0.1", "1", "10", "100"])
        let narrow = Ticks(logarithmicFrom: 0.03, to: 0.15, notation: .plain)
        #expect(narrow.labels == ["0.02", "0.05", "0.1", "0.2"])
    }

    @Test("places run from one end to the other, straight or by ratios")
    func places() {
        let straight = Scale(Axis(""), spanning: [0, 10], from: 100, to: 200, count: 5)
        #expect(straight.place(0) == 100 && straight.place(10) == 200 && straight.place(2.5) == 125)
        let ratios = Scale(
            Axis("", kind: .logarithmic),
            spanning: [0.01, 1],
            from: 0,
            to: 100,
            count: 5
        )
        #expect(abs(ratios.place(0.1) - 50) < 1e-9)
    }

    @Test("no value, one value, or values that are no numbers give an axis all the same")
    func degenerate() {
        for values in [[], [3.0], [0, 0], [.nan, .infinity]] {
            for kind in [Axis.Kind.linear, .logarithmic] {
                let scale = Scale(
                    Axis("", kind: kind),
                    spanning: values,
                    from: 0,
                    to: 10,
                    count: 4
                )
                #expect(scale.ticks.values.count >= 2)
                #expect(values.filter(\.isFinite).allSatisfy { (0...10).contains(scale.place($0)) })
            }
        }
    }
}

@Suite struct NumberTextTests {
    @Test("counts, shares, lengths and spans are written for people")
    func numbers() {
        #expect(NumberText.grouped(-1_234_567) == "-1,234,567")
        #expect(NumberText.grouped(999) == "999")
        #expect(NumberText.short(12_501_632) == "12.5 M")
        #expect(NumberText.short(999_999) == "1 M")
        #expect(NumberText.bytes(361_104) == "361 kB")
        #expect(NumberText.percent(0.87194) == "87.19 %")
        #expect(NumberText.points(-0.0065) == "-0.65 points")
        #expect(NumberText.points(-0.00001) == "+0.00 points")
        #expect(NumberText.significant(0.000_012_34, 2) == "1.2e-05")
        #expect(NumberText.significant(0.0120, 3) == "0.012")
        #expect(NumberText.duration(3.21) == "3.2 s")
        #expect(NumberText.duration(80) == "1 min 20 s")
        #expect(NumberText.duration(7261) == "2 h 1 min")
        #expect(NumberText.duration(.nan) == "unknown")
    }
}

@Suite struct ChartTests {
    private let line = LineChart(
        identifier: "line",
        title: "Loss <of> \"two\" models",
        summary: "Falls & rises.",
        x: Axis("epoch", includes: [0]),
        y: Axis("loss"),
        series: [
            LineChart.Series(
                name: "a",
                style: .first,
                points: [1.0, 2, 3].map { LineChart.Point(x: $0, y: 1 / $0) }
            ),
            LineChart.Series(
                name: "b",
                style: .second,
                points: [LineChart.Point(x: 2, y: 0.4, name: "named")],
                isJoined: false,
                isNamed: true
            ),
        ],
        levels: [LineChart.Level(name: "teacher", style: .third, value: 0.25)],
        moments: [LineChart.Moment(name: "resumed", value: 1.5)],
        choice: LineChart.Point(x: 2, y: 0.5, name: "chosen")
    )

    @Test("a line chart looks as it did")
    func lineChart() throws { try expectSnapshot(line.markup, named: "line-chart.svg") }

    @Test("a chart of rows looks as it did, as bars and as marks")
    func rowChart() throws {
        var chart = RowChart(
            identifier: "rows",
            title: "Milliseconds",
            summary: "Two layers.",
            axis: Axis("milliseconds"),
            form: .bars,
            series: [
                RowChart.Series(name: "before", style: .second),
                RowChart.Series(name: "after", style: .first),
            ],
            rows: [
                RowChart.Row(name: "convolution", values: [3, 1.5], note: "half"),
                RowChart.Row(name: "a name that is too long for its place", values: [nil, 2]),
            ]
        )
        try expectSnapshot(chart.markup, named: "row-chart-bars.svg")
        chart.form = .marks
        try expectSnapshot(chart.markup, named: "row-chart-marks.svg")
    }

    @Test("a network looks as it did: widths, skips, rails of groups, reasons")
    func network() throws {
        func layer(
            _ name: String,
            _ inputs: [Int],
            _ before: Int,
            _ after: Int,
            note: String? = nil
        )
            -> NetworkDrawing.Layer
        {
            NetworkDrawing.Layer(
                name: name,
                className: "Conv2D",
                inputs: inputs,
                channels: BeforeAfter(before: before, after: after),
                hasWeights: true,
                note: note
            )
        }
        let drawing = NetworkDrawing(
            identifier: "network",
            title: "Network",
            summary: "Four layers.",
            layers: [
                layer("a", [], 16, 8), layer("b", [0], 32, 12), layer("c", [1], 16, 8),
                layer("d", [0, 2], 10, 10, note: "frozen: it is the output"),
            ],
            groups: [
                NetworkDrawing.Group(
                    name: "a",
                    producers: [0, 2],
                    consumers: [1, 3],
                    units: BeforeAfter(before: 16, after: 8)
                ),
                NetworkDrawing.Group(
                    name: "b",
                    producers: [1],
                    consumers: [2],
                    units: BeforeAfter(before: 32, after: 12)
                ),
            ]
        )
        try expectSnapshot(drawing.markup, named: "network.svg")
    }

    @Test("every chart is well-formed XML, whatever its names hold")
    func wellFormed() {
        var hostile = line
        hostile.title = "<script>alert(1)</script>\u{0}\u{1B}]\u{202E}"
        hostile.series[1].points[0].name = "\"'><img src=x onerror=alert(1)>"
        for markup in [line.markup, hostile.markup, hostile.legendMarkup] {
            let parser = XMLParser(data: Data(markup.utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
            #expect(!markup.contains("<script") && !markup.contains("<img"))
        }
    }

    @Test("a chart says what it is to those who do not see it")
    func accessible() {
        #expect(line.markup.contains("role=\"img\""))
        #expect(line.markup.contains("aria-labelledby=\"chart-line-title chart-line-desc\""))
        #expect(line.markup.contains("<title id=\"chart-line-title\">Loss &lt;of&gt;"))
        #expect(line.markup.contains("<desc id=\"chart-line-desc\">Falls &amp; rises.</desc>"))
    }

    @Test("series are told apart without colour: each style has a dash and a marker of its own")
    func styles() {
        let dashes = SeriesStyle.palette.map { $0.dash ?? "none" }
        #expect(Set(dashes).count == dashes.count)
        let markers = SeriesStyle.palette.map {
            $0.marker(x: 0, y: 0).markup.replacing($0.className, with: "")
        }
        #expect(Set(markers).count == markers.count)
    }

    @Test("a tall network comes in parts: each layer in one, the rails of long groups in all")
    func parts() {
        let count = 40
        let whole = BeforeAfter(before: 8, after: 8)
        let drawing = NetworkDrawing(
            identifier: "tall",
            title: "Tall",
            summary: "Forty layers.",
            layers: (0..<count).map { row in
                NetworkDrawing.Layer(
                    name: "layer-\(row)",
                    className: "Conv2D",
                    inputs: row == 0 ? [] : [row - 1],
                    channels: whole,
                    hasWeights: true
                )
            },
            groups: [
                NetworkDrawing.Group(
                    name: "long",
                    producers: [0],
                    consumers: [count - 1],
                    units: whole
                )
            ]
        )
        let parts = drawing.markup.components(separatedBy: "</svg>").dropLast()
        #expect(parts.count == 3)
        #expect(parts.allSatisfy { $0.contains("<title>group long") })
        for row in 0..<count {
            let holders = parts.filter { $0.contains(">layer-\(row)</text>") }
            #expect(holders.count == 1, "layer \(row)")
        }
        #expect(parts.filter { $0.contains("class=\"reader") }.count == 1)
    }

    @Test("an axis of whole numbers has no tick between two and ends where its values do")
    func wholeNumbers() {
        let scale = Scale(
            Axis("epoch", notation: .whole, includes: [0, 2]),
            spanning: [1, 2],
            from: 0,
            to: 100,
            count: 5
        )
        #expect(scale.ticks.labels == ["0", "1", "2"])
        #expect(scale.place(2) == 100)
        let long = Scale(
            Axis("epoch", notation: .whole, includes: [0]),
            spanning: [23],
            from: 0,
            to: 100,
            count: 5
        )
        #expect(long.ticks.labels == ["0", "5", "10", "15", "20"])
        #expect(long.place(23) == 100)
    }

    @Test("levels on one height are told apart by markers at places of their own")
    func levelMarkers() {
        var chart = line
        chart.series = []
        chart.levels = (0..<3).map { LineChart.Level(name: "\($0)", style: .first, value: 1) }
        chart.hasLegend = false
        let places = chart.markup.matches(of: #/class="marker s0" cx="([^"]+)"/#)
            .map { String($0.1) }
        #expect(places.count == 3)
        #expect(Set(places).count == 3)
    }

    @Test("a key for several charts is a list: series, levels, a moment and the choice")
    func key() {
        let markup = line.legendMarkup
        #expect(markup.hasPrefix("<ul class=\"legend\">"))
        #expect(markup.matches(of: #/<li>/#).count == line.series.count + line.levels.count + 2)
    }

    @Test("values that are no numbers, and none at all, leave gaps and trap nothing")
    func gaps() {
        var chart = line
        chart.series[0].points = [
            LineChart.Point(x: 1, y: .nan), LineChart.Point(x: .infinity, y: 1),
        ]
        #expect(!chart.markup.contains("nan") && !chart.markup.contains("inf"))
        chart.series = []
        chart.levels = []
        #expect(chart.markup.contains("</svg>"))
    }
}
