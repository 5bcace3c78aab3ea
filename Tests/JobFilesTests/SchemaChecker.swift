import Foundation

/// Checks JSON against a schema by the part of JSON Schema 2020-12 that the schemas of this project use; any other
/// keyword of a schema is a fault as well, so that nothing is believed to be checked that is not.
struct SchemaChecker {
    private let root: [String: Any]
    private(set) var faults: [String] = []

    private static let notes: Set<String> = ["$schema", "$id", "$defs", "title", "description"]

    init(schemaAt path: String) throws {
        let bytes = try Data(contentsOf: URL(filePath: path))
        root = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] ?? [:]
    }

    /// The faults of a document.
    static func faults(of document: [UInt8], schemaAt path: String) throws -> [String] {
        var checker = try SchemaChecker(schemaAt: path)
        let value = try JSONSerialization.jsonObject(with: Data(document))
        checker.check(value, checker.root, "")
        return checker.faults
    }

    private mutating func check(_ value: Any, _ schema: [String: Any], _ place: String) {
        for (keyword, rule) in schema where !Self.notes.contains(keyword) {
            switch (keyword, rule) {
            case ("$ref", let name as String): check(value, definition(name), place)
            case ("type", let type as String): expect(has(value, type), place, "is no \(type)")
            case ("const", let constant as NSObject):
                expect((value as? NSObject) == constant, place, "is not \(constant)")
            case ("enum", let choices as [NSObject]):
                expect(
                    choices.contains { $0 == value as? NSObject },
                    place,
                    "is none of \(choices)"
                )
            case ("minimum", let least as NSNumber):
                let number = (value as? NSNumber)?.doubleValue ?? .nan
                expect(number >= least.doubleValue, place, "is below \(least)")
            case ("maximum", let most as NSNumber):
                let number = (value as? NSNumber)?.doubleValue ?? .nan
                expect(number <= most.doubleValue, place, "is above \(most)")
            case ("pattern", let pattern as String):
                let text = value as? String ?? ""
                let isMatch = text.range(of: pattern, options: .regularExpression) != nil
                expect(isMatch, place, "does not match \(pattern)")
            case ("items", let item as [String: Any]):
                for (index, element) in (value as? [Any] ?? []).enumerated() {
                    check(element, item, "\(place)/\(index)")
                }
            case ("properties", let properties as [String: [String: Any]]):
                for (name, property) in properties {
                    guard let own = (value as? [String: Any])?[name] else { continue }
                    check(own, property, "\(place)/\(name)")
                }
            case ("required", let names as [String]):
                for name in names {
                    expect((value as? [String: Any])?[name] != nil, place, "lacks \(name)")
                }
            case ("additionalProperties", let rule): checkOthers(value, schema, rule, place)
            default: faults.append("\(place): the schema's \(keyword) is not known here")
            }
        }
    }

    private mutating func checkOthers(
        _ value: Any,
        _ schema: [String: Any],
        _ rule: Any,
        _ place: String
    ) {
        let known = Set((schema["properties"] as? [String: Any] ?? [:]).keys)
        for (name, other) in value as? [String: Any] ?? [:] where !known.contains(name) {
            if let own = rule as? [String: Any] {
                check(other, own, "\(place)/\(name)")
            } else {
                faults.append("\(place)/\(name) is not in the schema")
            }
        }
    }

    private func definition(_ reference: String) -> [String: Any] {
        let name = reference.replacing("#/$defs/", with: "")
        return (root["$defs"] as? [String: [String: Any]])?[name] ?? ["$ref to nowhere": reference]
    }

    private mutating func expect(_ holds: Bool, _ place: String, _ fault: String) {
        if !holds { faults.append("\(place) \(fault)") }
    }

    private func has(_ value: Any, _ type: String) -> Bool {
        let isTruth = (value as? NSNumber).map(isFlag) ?? false
        switch type {
        case "object": return value is [String: Any]
        case "array": return value is [Any]
        case "string": return value is String
        case "boolean": return isTruth
        case "number": return value is NSNumber && !isTruth
        case "integer":
            guard let number = value as? NSNumber, !isTruth else { return false }
            return number.doubleValue == number.doubleValue.rounded()
        default: return false
        }
    }

    /// Foundation keeps flags as numbers of one bit.
    private func isFlag(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }
}
