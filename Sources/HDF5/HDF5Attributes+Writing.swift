import CHDF5

extension HDF5Attributes {
    /// Stores one string, in place of what had the name before.
    public func set(
        _ name: String,
        string: String,
        layout: HDF5StringLayout = .variable
    ) throws(HDF5Error) {
        try set(name, strings: [string], shape: [], layout: layout)
    }

    /// Stores a list of strings, in place of what had the name before.
    public func set(
        _ name: String,
        strings: [String],
        layout: HDF5StringLayout = .variable
    ) throws(HDF5Error) {
        try set(name, strings: strings, shape: [strings.count], layout: layout)
    }

    /// Stores a list of integers, in place of what had the name before.
    public func set(_ name: String, integers: [Int64]) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            try write(
                name,
                type: ch5_std_i64le(),
                memoryType: ch5_native_int64(),
                shape: [integers.count],
                values: integers
            )
        }
    }

    /// Stores a list of floating-point numbers, in place of what had the name before.
    public func set(_ name: String, floats: [Double]) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            try write(
                name,
                type: ch5_ieee_f64le(),
                memoryType: ch5_native_double(),
                shape: [floats.count],
                values: floats
            )
        }
    }

    /// Stores one string under the type the same attribute has elsewhere: variable or fixed, ASCII or UTF-8.
    ///
    /// A fixed length grows or shrinks with the text.
    public func set(
        _ name: String,
        string: String,
        like other: HDF5Attributes
    ) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            let model = try other.open(name)
            guard HDF5ElementType(model.type) == .string, model.count == 1 else {
                throw .unexpected(
                    path: other.label(name),
                    expected: "one string",
                    found: "\(model.count) elements of \(HDF5ElementType(model.type))"
                )
            }
            let type = try Identifier.datatype(
                H5Tcopy(model.type.number),
                operation: "copy the type of",
                path: label(name)
            )
            if string.utf8.contains(where: { $0 > 127 }) {
                try Library.check(H5Tset_cset(type.number, H5T_CSET_UTF8), "write", label(name))
            }
            try write(name, strings: [string], shape: model.shape, type: type)
        }
    }

    private func set(
        _ name: String,
        strings: [String],
        shape: [Int],
        layout: HDF5StringLayout
    ) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            let type = try Identifier.datatype(
                H5Tcopy(ch5_c_s1()),
                operation: "make a text type for",
                path: label(name)
            )
            try Library.check(H5Tset_cset(type.number, H5T_CSET_UTF8), "write", label(name))
            switch layout {
            case .variable:
                try Library.check(H5Tset_size(type.number, ch5_variable()), "write", label(name))
            case .fixed:
                try Library.check(
                    H5Tset_strpad(type.number, H5T_STR_NULLPAD),
                    "write",
                    label(name)
                )
            }
            try write(name, strings: strings, shape: shape, type: type)
        }
    }

    private func write(
        _ name: String,
        strings: [String],
        shape: [Int],
        type: Identifier
    ) throws(HDF5Error) {
        guard !strings.contains(where: { $0.utf8.contains(0) }) else {
            throw .unexpected(path: label(name), expected: "text", found: "a zero byte in it")
        }
        guard H5Tis_variable_str(type.number) > 0 else {
            return try writeFixed(name, strings: strings, shape: shape, type: type)
        }
        // One buffer holds all strings, each with its closing zero.
        var text: [CChar] = []
        var starts: [Int] = []
        for string in strings {
            starts.append(text.count)
            text.append(contentsOf: string.utf8.map { CChar(bitPattern: $0) })
            text.append(0)
        }
        let outcome = text.withUnsafeMutableBufferPointer { buffer in
            let pointers = starts.map { start in buffer.baseAddress.map { $0 + start } }
            return Result { () throws(HDF5Error) in
                try write(
                    name,
                    type: type.number,
                    memoryType: type.number,
                    shape: shape,
                    values: pointers
                )
            }
        }
        try outcome.get()
    }

    private func writeFixed(
        _ name: String,
        strings: [String],
        shape: [Int],
        type: Identifier
    ) throws(HDF5Error) {
        let needsTerminator = H5Tget_strpad(type.number) == H5T_STR_NULLTERM
        let longest = strings.map(\.utf8.count).max() ?? 0
        let size = max(longest + (needsTerminator ? 1 : 0), 1)
        try Library.check(H5Tset_size(type.number, size), "write", label(name))
        let filler: UInt8 =
            H5Tget_strpad(type.number) == H5T_STR_SPACEPAD ? UInt8(ascii: " ") : 0
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size * strings.count)
        for string in strings {
            bytes.append(contentsOf: string.utf8)
            bytes.append(contentsOf: repeatElement(filler, count: size - string.utf8.count))
        }
        try write(
            name,
            type: type.number,
            memoryType: type.number,
            shape: shape,
            values: bytes
        )
    }

    private func write<Element: BitwiseCopyable>(
        _ name: String,
        type: hid_t,
        memoryType: hid_t,
        shape: [Int],
        values: [Element]
    ) throws(HDF5Error) {
        let space = try Identifier.space(of: shape, path: label(name))
        let attribute = try replace(name, type: type, space: space.number)
        guard !values.isEmpty else { return }
        try Library.check(H5Awrite(attribute.number, memoryType, values), "write", label(name))
    }

    private func replace(
        _ name: String,
        type: hid_t,
        space: hid_t
    ) throws(HDF5Error) -> Identifier {
        if try Library.check(H5Aexists(identifier.number, name), "look for", label(name)) > 0 {
            try Library.check(H5Adelete(identifier.number, name), "replace", label(name))
        }
        return try Identifier.attribute(
            H5Acreate2(
                identifier.number,
                name,
                type,
                space,
                ch5_p_default(),
                ch5_p_default()
            ),
            operation: "create",
            path: label(name)
        )
    }
}

extension HDF5Attributes {
    /// Copies an attribute of any type and shape, bit by bit.
    public func copy(_ name: String, from other: HDF5Attributes) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            let source = try other.open(name)
            var bytes = try source.rawBytes()
            let ownsMemory =
                H5Tdetect_class(source.type.number, H5T_VLEN) > 0
                || H5Tis_variable_str(source.type.number) > 0
                || H5Tdetect_class(source.type.number, H5T_STRING) > 0
            defer {
                if ownsMemory, source.count > 0 {
                    H5Dvlen_reclaim(
                        source.type.number,
                        source.space.number,
                        ch5_p_default(),
                        &bytes
                    )
                }
            }
            let attribute = try replace(
                name,
                type: source.type.number,
                space: source.space.number
            )
            guard source.count > 0 else { return }
            try Library.check(
                H5Awrite(attribute.number, source.type.number, bytes),
                "write",
                label(name)
            )
        }
    }

    /// Copies all attributes of another object but the named ones.
    public func copyAll(
        from other: HDF5Attributes,
        except left: Set<String> = []
    ) throws(HDF5Error) {
        for name in try other.names() where !left.contains(name) {
            try copy(name, from: other)
        }
    }
}
