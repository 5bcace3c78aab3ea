import CHDF5

/// How text is stored in an attribute.
public enum HDF5StringLayout: Hashable, Sendable {
    /// Each string as long as it needs, in the file's heap.
    case variable
    /// All strings null-padded to the longest.
    case fixed
}

/// The attributes of a group or dataset.
public struct HDF5Attributes: Sendable {
    let identifier: Identifier
    let path: String

    /// No attribute with more elements than this is read.
    public static let elementLimit = 1 << 16

    /// The names in order of name.
    public func names() throws(HDF5Error) -> [String] {
        try Library.locked { () throws(HDF5Error) in
            var names: [String] = []
            let status = withUnsafeMutablePointer(to: &names) { list in
                ch5_attributes(identifier.number, appendName, list)
            }
            try Library.check(status, "list the attributes of", path)
            return names
        }
    }

    /// Whether there is an attribute of this name.
    public func contains(_ name: String) throws(HDF5Error) -> Bool {
        try Library.locked { () throws(HDF5Error) in
            try Library.check(H5Aexists(identifier.number, name), "look for", label(name)) > 0
        }
    }

    /// What the elements of an attribute are.
    public func elementType(of name: String) throws(HDF5Error) -> HDF5ElementType {
        try Library.locked { () throws(HDF5Error) in HDF5ElementType(try open(name).type) }
    }

    /// The axis lengths of an attribute; empty for a single value.
    public func shape(of name: String) throws(HDF5Error) -> [Int] {
        try Library.locked { () throws(HDF5Error) in try open(name).shape }
    }

    /// How the text of an attribute is stored, or nil where it is not text.
    public func stringLayout(of name: String) throws(HDF5Error) -> HDF5StringLayout? {
        try Library.locked { () throws(HDF5Error) in
            let attribute = try open(name)
            guard HDF5ElementType(attribute.type) == .string else { return nil }
            return H5Tis_variable_str(attribute.type.number) > 0 ? .variable : .fixed
        }
    }

    /// The attribute's only string.
    public func string(_ name: String) throws(HDF5Error) -> String {
        let strings = try strings(name)
        guard let first = strings.first, strings.count == 1 else {
            throw .unexpected(
                path: label(name),
                expected: "one string",
                found: "\(strings.count) strings"
            )
        }
        return first
    }

    /// All strings of an attribute in row-major order; none where it is an empty array of any type.
    ///
    /// Keras writes the weight names of a layer without weights as an empty array of float64.
    public func strings(_ name: String) throws(HDF5Error) -> [String] {
        try Library.locked { () throws(HDF5Error) in
            let attribute = try open(name)
            if attribute.count == 0 { return [] }
            guard HDF5ElementType(attribute.type) == .string else {
                throw .unexpected(
                    path: label(name),
                    expected: "text",
                    found: "\(HDF5ElementType(attribute.type))"
                )
            }
            return H5Tis_variable_str(attribute.type.number) > 0
                ? try readVariable(attribute) : try readFixed(attribute)
        }
    }

    /// All numbers of an attribute as integers, in row-major order.
    public func integers(_ name: String) throws(HDF5Error) -> [Int64] {
        try numbers(name, as: ch5_native_int64, zero: 0)
    }

    /// All numbers of an attribute as floating point, in row-major order.
    public func floats(_ name: String) throws(HDF5Error) -> [Double] {
        try numbers(name, as: ch5_native_double, zero: 0)
    }

    private func numbers<Element: BitwiseCopyable>(
        _ name: String,
        as memoryType: () -> hid_t,
        zero: Element
    ) throws(HDF5Error) -> [Element] {
        try Library.locked { () throws(HDF5Error) in
            let attribute = try open(name)
            let elementType = HDF5ElementType(attribute.type)
            guard elementType.isNumber else {
                throw .unexpected(
                    path: label(name),
                    expected: "numbers",
                    found: "\(elementType)"
                )
            }
            var values = [Element](repeating: zero, count: attribute.count)
            if attribute.count > 0 {
                try Library.check(
                    H5Aread(attribute.identifier.number, memoryType(), &values),
                    "read",
                    label(name)
                )
            }
            return values
        }
    }
}

/// The visitor that collects names: its context is an array of them.
let appendName: ch5_visit = { name, context in
    guard let name, let list = context?.assumingMemoryBound(to: [String].self) else { return }
    list.pointee.append(String(cString: name))
}

/// An attribute with its type and shape.
struct OpenAttribute {
    var identifier: Identifier
    var type: Identifier
    var space: Identifier
    var shape: [Int]
    /// The product of the shape, at most ``HDF5Attributes/elementLimit``.
    var count: Int
    var path: String
}

extension HDF5Attributes {
    func label(_ name: String) -> String { "\(path)@\(name)" }

    func open(_ name: String) throws(HDF5Error) -> OpenAttribute {
        guard
            try Library.check(H5Aexists(identifier.number, name), "look for", label(name)) > 0
        else { throw .missing(path: label(name)) }
        let path = label(name)
        let attribute = try Identifier.attribute(
            H5Aopen(identifier.number, name, ch5_p_default()),
            operation: "open",
            path: path
        )
        let type = try Identifier.datatype(
            H5Aget_type(attribute.number),
            operation: "read the type of",
            path: path
        )
        let space = try Identifier.dataspace(
            H5Aget_space(attribute.number),
            operation: "read the shape of",
            path: path
        )
        let shape = try axisLengths(of: space, path: path)
        let count = try elementCount(of: shape, limit: Self.elementLimit, path: path)
        return OpenAttribute(
            identifier: attribute,
            type: type,
            space: space,
            shape: shape,
            count: count,
            path: path
        )
    }

    private func readFixed(_ attribute: OpenAttribute) throws(HDF5Error) -> [String] {
        let size = H5Tget_size(attribute.type.number)
        let bytes = try attribute.rawBytes()
        let isSpacePadded = H5Tget_strpad(attribute.type.number) == H5T_STR_SPACEPAD
        var strings: [String] = []
        for start in stride(from: 0, to: bytes.count, by: max(size, 1)) {
            var text = bytes[start..<start + size].prefix { $0 != 0 }
            while isSpacePadded, text.last == UInt8(ascii: " ") { text.removeLast() }
            strings.append(try decode(text, attribute.path))
        }
        return strings
    }

    private func readVariable(_ attribute: OpenAttribute) throws(HDF5Error) -> [String] {
        var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: attribute.count)
        try Library.check(
            H5Aread(attribute.identifier.number, attribute.type.number, &pointers),
            "read",
            attribute.path
        )
        defer {
            H5Dvlen_reclaim(
                attribute.type.number,
                attribute.space.number,
                ch5_p_default(),
                &pointers
            )
        }
        var strings: [String] = []
        for pointer in pointers {
            guard let pointer else {
                strings.append("")
                continue
            }
            guard let text = String(validatingCString: pointer) else {
                throw .unexpected(
                    path: attribute.path,
                    expected: "UTF-8 text",
                    found: "other bytes"
                )
            }
            strings.append(text)
        }
        return strings
    }

    private func decode(
        _ bytes: ArraySlice<UInt8>,
        _ path: String
    ) throws(HDF5Error) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unexpected(path: path, expected: "UTF-8 text", found: "other bytes")
        }
        return text
    }
}

extension OpenAttribute {
    /// The elements as they lie in memory under the attribute's own type; pointers where it is of variable length.
    func rawBytes() throws(HDF5Error) -> [UInt8] {
        let size = H5Tget_size(type.number)
        let (length, overflow) = size.multipliedReportingOverflow(by: count)
        guard !overflow, length <= 1 << 28 else {
            throw .tooLarge(path: path, limit: 1 << 28, found: "\(count) elements of \(size) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: length)
        if length > 0 {
            try Library.check(H5Aread(identifier.number, type.number, &bytes), "read", path)
        }
        return bytes
    }
}
