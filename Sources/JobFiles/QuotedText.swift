/// Text as a JSON string, which is also a YAML string.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        default:
            // YAML 1.1 refuses or folds controls and line marks that JSON would take as they are.
            if (0x20...0x7E).contains(scalar.value) || (0xA0...0x2027).contains(scalar.value)
                || (0x2030...0xD7FF).contains(scalar.value)
                || (0x10000...0x10FFFF).contains(scalar.value)
            {
                result.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }
    return result + "\""
}
