import CHDF5

/// An id of libhdf5 that is closed when its last reference goes.
final class Identifier: Sendable {
    let number: hid_t
    private let close: @Sendable (hid_t) -> herr_t

    /// Takes over an id libhdf5 has just returned.
    ///
    /// - Throws: The failure libhdf5 reported, if the id is negative.
    init(
        _ number: hid_t,
        operation: String,
        path: String,
        close: @escaping @Sendable (hid_t) -> herr_t
    ) throws(HDF5Error) {
        try Library.check(number, operation, path)
        self.number = number
        self.close = close
    }

    deinit {
        _ = Library.locked { close(number) }
    }
}

extension Identifier {
    static func datatype(
        _ number: hid_t,
        operation: String,
        path: String
    ) throws(HDF5Error) -> Identifier {
        try Identifier(number, operation: operation, path: path) { H5Tclose($0) }
    }

    static func dataspace(
        _ number: hid_t,
        operation: String,
        path: String
    ) throws(HDF5Error) -> Identifier {
        try Identifier(number, operation: operation, path: path) { H5Sclose($0) }
    }

    static func attribute(
        _ number: hid_t,
        operation: String,
        path: String
    ) throws(HDF5Error) -> Identifier {
        try Identifier(number, operation: operation, path: path) { H5Aclose($0) }
    }

    static func propertyList(
        _ number: hid_t,
        operation: String,
        path: String
    ) throws(HDF5Error) -> Identifier {
        try Identifier(number, operation: operation, path: path) { H5Pclose($0) }
    }
}

extension Identifier {
    /// A simple dataspace of the given lengths, or a scalar one without any.
    static func space(of shape: [Int], path: String) throws(HDF5Error) -> Identifier {
        let lengths = shape.map { hsize_t(max($0, 0)) }
        let number =
            shape.isEmpty
            ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), lengths, nil)
        return try dataspace(number, operation: "make a dataspace", path: path)
    }
}

/// The axis lengths of a dataspace: none for a scalar, one of length zero for a null space.
func axisLengths(of space: Identifier, path: String) throws(HDF5Error) -> [Int] {
    guard H5Sget_simple_extent_type(space.number) != H5S_NULL else { return [0] }
    let rank = Int(
        try Library.check(
            H5Sget_simple_extent_ndims(space.number),
            "count the axes of",
            path
        )
    )
    var lengths = [hsize_t](repeating: 0, count: rank)
    try Library.check(
        H5Sget_simple_extent_dims(space.number, &lengths, nil),
        "read the shape of",
        path
    )
    var shape: [Int] = []
    for length in lengths {
        guard let exact = Int(exactly: length) else {
            throw .tooLarge(path: path, limit: .max, found: "an axis of \(length)")
        }
        shape.append(exact)
    }
    return shape
}

/// The product of axis lengths, refused above a limit.
func elementCount(
    of shape: [Int],
    limit: Int,
    path: String
) throws(HDF5Error) -> Int {
    var count = 1
    if shape.contains(0) { return 0 }
    for length in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: length)
        guard !overflow, product <= limit else {
            let text = shape.map(String.init).joined(separator: " x ")
            throw .tooLarge(path: path, limit: limit, found: "\(text) elements")
        }
        count = product
    }
    return count
}
