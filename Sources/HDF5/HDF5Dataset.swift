import CHDF5

/// An array in a file: its shape, its type, and its elements read whole or by rows.
public struct HDF5Dataset: Sendable {
    let identifier: Identifier
    /// Where the dataset is in its file.
    public let path: String
    /// The axis lengths; empty for a single value.
    public let shape: [Int]
    /// What the elements are.
    public let elementType: HDF5ElementType

    /// No reading function takes more elements than this unless told.
    public static let defaultElementLimit = 1 << 28

    /// An array without stored data is taken for its fill value only up to this many elements.
    private static let unstoredLimit = 1 << 20

    /// The attributes of the dataset.
    public var attributes: HDF5Attributes { HDF5Attributes(identifier: identifier, path: path) }

    /// Looks at an opened dataset and refuses data that lies in other files.
    init(identifier: Identifier, path: String) throws(HDF5Error) {
        let creation = try Identifier.propertyList(
            H5Dget_create_plist(identifier.number),
            operation: "read the layout of",
            path: path
        )
        guard H5Pget_layout(creation.number) != H5D_VIRTUAL,
            H5Pget_external_count(creation.number) <= 0
        else { throw .unsupported(path: path, feature: "data in other files") }
        let type = try Identifier.datatype(
            H5Dget_type(identifier.number),
            operation: "read the type of",
            path: path
        )
        let space = try Identifier.dataspace(
            H5Dget_space(identifier.number),
            operation: "read the shape of",
            path: path
        )
        self.identifier = identifier
        self.path = path
        shape = try axisLengths(of: space, path: path)
        elementType = HDF5ElementType(type)
    }

    /// All elements, or some rows of the first axis, converted to 32-bit floating point.
    public func readFloats(
        rows: Range<Int>? = nil,
        limit: Int = defaultElementLimit
    ) throws(HDF5Error) -> [Float] {
        try checkNumeric()
        return try read(rows: rows, as: ch5_native_float, limit: limit)
    }

    /// All elements, or some rows of the first axis, of a dataset of unsigned bytes.
    public func readBytes(
        rows: Range<Int>? = nil,
        limit: Int = defaultElementLimit
    ) throws(HDF5Error) -> [UInt8] {
        try checkBytes()
        return try read(rows: rows, as: ch5_native_uint8, limit: limit)
    }

    /// All elements, or some rows of the first axis, converted to 64-bit integers; fractions are cut off.
    public func readIntegers(
        rows: Range<Int>? = nil,
        limit: Int = defaultElementLimit
    ) throws(HDF5Error) -> [Int64] {
        try checkNumeric()
        return try read(rows: rows, as: ch5_native_int64, limit: limit)
    }

    private func checkNumeric() throws(HDF5Error) {
        guard elementType.isNumber else {
            throw .unexpected(path: path, expected: "numbers", found: "\(elementType)")
        }
    }

    private func checkBytes() throws(HDF5Error) {
        guard elementType == .integer(bits: 8, isSigned: false) else {
            throw .unexpected(path: path, expected: "unsigned bytes", found: "\(elementType)")
        }
    }

    private func read<Element>(
        rows: Range<Int>?,
        as memoryType: () -> hid_t,
        limit: Int
    ) throws(HDF5Error) -> [Element] {
        var taken = shape
        if let rows {
            guard let length = shape.first, rows.lowerBound >= 0, rows.upperBound <= length else {
                throw .unexpected(
                    path: path,
                    expected: "rows within \(shape.first ?? 0)",
                    found: "rows \(rows)"
                )
            }
            taken[0] = rows.count
        }
        let count = try elementCount(of: taken, limit: limit, path: path)
        guard count > 0 else { return [] }
        return try Library.locked { () throws(HDF5Error) in
            try checkStorage(limit: limit)
            return try read(count: count, rows: rows, taken: taken, memoryType: memoryType())
        }
    }

    private func read<Element>(
        count: Int,
        rows: Range<Int>?,
        taken: [Int],
        memoryType: hid_t
    ) throws(HDF5Error) -> [Element] {
        var memorySpace: Identifier?
        var fileSpace: Identifier?
        if let rows {
            let space = try Identifier.dataspace(
                H5Dget_space(identifier.number),
                operation: "read the shape of",
                path: path
            )
            var start = [hsize_t](repeating: 0, count: shape.count)
            start[0] = hsize_t(rows.lowerBound)
            try Library.check(
                H5Sselect_hyperslab(
                    space.number,
                    H5S_SELECT_SET,
                    start,
                    nil,
                    taken.map { hsize_t($0) },
                    nil
                ),
                "select rows of",
                path
            )
            fileSpace = space
            memorySpace = try .space(of: taken, path: path)
        }
        var status: herr_t = -1
        let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            status = H5Dread(
                identifier.number,
                memoryType,
                memorySpace?.number ?? ch5_s_all(),
                fileSpace?.number ?? ch5_s_all(),
                ch5_p_default(),
                buffer.baseAddress
            )
            initialized = status < 0 ? 0 : count
        }
        try Library.check(status, "read", path)
        return values
    }

    /// Refuses arrays that claim much and hold nothing, and chunks above the limit, which libhdf5 would allocate.
    private func checkStorage(limit: Int) throws(HDF5Error) {
        let stored = H5Dget_storage_size(identifier.number)
        if stored == 0 {
            _ = try elementCount(of: shape, limit: Self.unstoredLimit, path: path)
        }
        let creation = try Identifier.propertyList(
            H5Dget_create_plist(identifier.number),
            operation: "read the layout of",
            path: path
        )
        guard H5Pget_layout(creation.number) == H5D_CHUNKED else { return }
        var lengths = [hsize_t](repeating: 0, count: shape.count)
        try Library.check(
            H5Pget_chunk(creation.number, Int32(shape.count), &lengths),
            "read the layout of",
            path
        )
        _ = try elementCount(
            of: lengths.map { Int(exactly: $0) ?? .max },
            limit: limit,
            path: path
        )
    }
}
