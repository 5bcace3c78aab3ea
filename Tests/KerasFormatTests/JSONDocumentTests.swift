import KerasFormat
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
    @Test("values, keys in order and spellings of numbers are read")
    func reading() throws {
        let document = try JSONDocument(
            #" {"b": [1, -2.50e+1, NaN, -Infinity], "a": {"x": null, "y": true}, "s": "\u00e9\ud83d\ude00\n\/"} "#
        )
        let root = document.root
        #expect(root.members?.map(\.key) == ["b", "a", "s"])
        #expect(root["b"]?.array?[0].integer == 1)
        #expect(root["b"]?.array?[1].number == -25)
        #expect(root["b"]?.array?[2].number?.isNaN == true)
        #expect(root["b"]?.array?[3].number == -.infinity)
        #expect(root["a"]?["x"]?.isNull == true)
        #expect(root["a"]?["y"]?.boolean == true)
        #expect(root["s"]?.string == "\u{E9}\u{1F600}\n/")
        #expect(root["none"]?.string == nil)
    }

    @Test("an edit replaces one value and leaves every other byte")
    func editing() throws {
        let text = #"{ "units":  64 ,"rate":1.0e-3, "n\u00e9": [NaN,32 ]}"#
        let document = try JSONDocument(text)
        #expect(document.applying([]) == text)
        let list = try #require(document.root["n\u{E9}"]?.array)
        let units = try #require(document.root["units"])
        let edited = document.applying([
            JSONDocument.Edit(range: list[1].range, text: "7"),
            JSONDocument.Edit(range: units.range, text: "128"),
        ])
        #expect(edited == #"{ "units":  128 ,"rate":1.0e-3, "n\u00e9": [NaN,7 ]}"#)
    }

    @Test(
        "what is not JSON is refused with its position",
        arguments: [
            ("", JSONError.Problem.unexpectedEnd, 0),
            ("{\"a\": 1", .unexpectedEnd, 7),
            ("[1, 2,]", .unexpectedByte(UInt8(ascii: "]")), 6),
            ("{\"a\": 1, \"a\": 2}", .duplicateKey("a"), 9),
            ("[1.]", .invalidNumber("1."), 1),
            ("[1-2]", .invalidNumber("1-2"), 1),
            ("nul", .unexpectedEnd, 3),
            ("[1] 2", .unexpectedByte(UInt8(ascii: "2")), 4),
            ("\"\\x\"", .unexpectedByte(UInt8(ascii: "x")), 2),
            ("\"a\nb\"", .unexpectedByte(10), 2),
        ]
    )
    func refusal(text: String, problem: JSONError.Problem, position: Int) {
        #expect(throws: JSONError.self) { try JSONDocument(text) }
        do {
            _ = try JSONDocument(text)
        } catch {
            #expect(error.problem == problem)
            #expect(error.position == position)
        }
    }

    @Test("depth and length have limits")
    func limits() throws {
        let depth = JSONDocument.depthLimit
        _ = try JSONDocument(
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        )
        for text in [
            String(repeating: "[", count: 100_000),
            String(repeating: "{\"a\":", count: 100_000),
            String(repeating: " ", count: JSONDocument.sizeLimit + 1),
            "[" + String(repeating: "0,", count: JSONDocument.valueLimit) + "0]",
        ] {
            #expect(throws: JSONError.self) { try JSONDocument(text) }
        }
    }

    @Test("numbers beyond every range are read as far as they go")
    func hugeNumbers() throws {
        let root = try JSONDocument("[1e999, 99999999999999999999, 3.0, 0.5]").root
        #expect(root.array?[0].number == .infinity)
        #expect(root.array?.map(\.integer) == [nil, nil, 3, nil])
    }
}
