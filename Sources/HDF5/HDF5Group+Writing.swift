import CHDF5

extension HDF5Group {
    /// The group at a path below this one, made with all groups on the way where it is missing.
    @discardableResult
    public func makeGroup(_ relative: String) throws(HDF5Error) -> HDF5Group {
        try makeGroup(relative, like: nil)
    }

    /// As ``makeGroup(_:)``, with the creation settings of another group, such as whether order is kept.
    public func makeGroup(
        _ relative: String,
        like model: HDF5Group?
    ) throws(HDF5Error) -> HDF5Group {
        try Library.locked { () throws(HDF5Error) in
            var place = self
            for part in relative.split(separator: "/") {
                let name = String(part)
                if try place.kind(of: name) != nil {
                    place = try place.group(name)
                } else {
                    place = try place.makeChild(name, like: model)
                }
            }
            return place
        }
    }

    private func makeChild(
        _ name: String,
        like model: HDF5Group?
    ) throws(HDF5Error) -> HDF5Group {
        let place = child(name)
        let creation = try Identifier.propertyList(
            H5Pcreate(ch5_p_group_create()),
            operation: "create",
            path: place
        )
        if let model { try copyOrder(of: model, to: creation, path: place) }
        try Library.check(H5Pset_obj_track_times(creation.number, false), "create", place)
        return HDF5Group(
            identifier: try Identifier(
                H5Gcreate2(
                    identifier.number,
                    name,
                    ch5_p_default(),
                    creation.number,
                    ch5_p_default()
                ),
                operation: "create",
                path: place,
                close: { H5Gclose($0) }
            ),
            path: place
        )
    }

    /// Sets whether the order of links and attributes is kept, as another group has it.
    ///
    /// Only these settings: the list `H5Gget_create_plist` gives also holds the heap addresses of a group with more
    /// than eight links, and a group made with it looks for its links at those places of another file.
    private func copyOrder(
        of model: HDF5Group,
        to creation: Identifier,
        path: String
    ) throws(HDF5Error) {
        let own = try Identifier.propertyList(
            H5Gget_create_plist(model.identifier.number),
            operation: "create",
            path: path
        )
        var flags: UInt32 = 0
        try Library.check(H5Pget_link_creation_order(own.number, &flags), "create", path)
        try Library.check(H5Pset_link_creation_order(creation.number, flags), "create", path)
        try Library.check(H5Pget_attr_creation_order(own.number, &flags), "create", path)
        try Library.check(H5Pset_attr_creation_order(creation.number, flags), "create", path)
    }

    /// Copies a child of another group with all that is below it, exactly; links out of its file stay links.
    public func copy(_ name: String, from other: HDF5Group) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            try Library.check(
                H5Ocopy(
                    other.identifier.number,
                    name,
                    identifier.number,
                    name,
                    ch5_p_default(),
                    ch5_p_default()
                ),
                "copy",
                other.child(name)
            )
        }
    }

    /// Stores numbers as one contiguous block in the given type.
    ///
    /// - Parameters:
    ///   - name: The name of the dataset in this group.
    ///   - shape: The axis lengths, whose product is the number of values.
    ///   - floats: The values in row-major order.
    ///   - elementType: The type in the file.
    /// - Throws: ``HDF5Error`` where the shape does not fit the values or the name is taken.
    public func makeDataset(
        _ name: String,
        shape: [Int],
        floats: [Float],
        as elementType: HDF5ElementType = .float32
    ) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            try makeDataset(
                name,
                shape: shape,
                values: floats,
                memoryType: ch5_native_float(),
                type: elementType.makeDatatype(path: child(name)),
                creation: datasetSettings(child(name))
            )
        }
    }

    /// Stores numbers with the type, storage and attributes of another dataset, whose rank they have.
    ///
    /// Values outside the range of the other's type become infinite or are clamped, as libhdf5 converts.
    public func makeDataset(
        _ name: String,
        shape: [Int],
        floats: [Float],
        like model: HDF5Dataset
    ) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            let place = child(name)
            guard model.elementType.isNumber else {
                throw .unexpected(
                    path: model.path,
                    expected: "numbers",
                    found: "\(model.elementType)"
                )
            }
            let stored = try Identifier.datatype(
                H5Dget_type(model.identifier.number),
                operation: "read the type of",
                path: model.path
            )
            let type = try Identifier.datatype(
                H5Tcopy(stored.number),
                operation: "copy the type of",
                path: model.path
            )
            let creation = try Identifier.propertyList(
                H5Dget_create_plist(model.identifier.number),
                operation: "read the layout of",
                path: model.path
            )
            try Library.check(H5Pset_obj_track_times(creation.number, false), "create", place)
            try fitChunks(of: creation, to: shape, path: place)
            let made = try makeDataset(
                name,
                shape: shape,
                values: floats,
                memoryType: ch5_native_float(),
                type: type,
                creation: creation
            )
            try made.attributes.copyAll(from: model.attributes)
        }
    }

    /// Stores bytes in chunks of whole rows.
    public func makeDataset(
        _ name: String,
        shape: [Int],
        bytes: [UInt8],
        deflate: Int? = nil
    ) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            try makeDataset(
                name,
                shape: shape,
                values: bytes,
                memoryType: ch5_native_uint8(),
                type: HDF5ElementType.integer(bits: 8, isSigned: false)
                    .makeDatatype(path: child(name)),
                creation: chunkedSettings(shape, elementBytes: 1, deflate: deflate, name: name)
            )
        }
    }

    /// Stores integers in chunks of whole rows in the given integer type.
    public func makeDataset(
        _ name: String,
        shape: [Int],
        integers: [Int64],
        as elementType: HDF5ElementType = .integer(bits: 64, isSigned: true),
        deflate: Int? = nil
    ) throws(HDF5Error) {
        try Library.locked { () throws(HDF5Error) in
            try makeDataset(
                name,
                shape: shape,
                values: integers,
                memoryType: ch5_native_int64(),
                type: elementType.makeDatatype(path: child(name)),
                creation: chunkedSettings(shape, elementBytes: 8, deflate: deflate, name: name)
            )
        }
    }

    @discardableResult
    private func makeDataset<Element: BitwiseCopyable>(
        _ name: String,
        shape: [Int],
        values: [Element],
        memoryType: hid_t,
        type: Identifier,
        creation: Identifier
    ) throws(HDF5Error) -> HDF5Dataset {
        let place = child(name)
        guard try elementCount(of: shape, limit: .max, path: place) == values.count else {
            throw .unexpected(
                path: place,
                expected: "values for \(shape)",
                found: "\(values.count) values"
            )
        }
        let space = try Identifier.space(of: shape, path: place)
        let dataset = try Identifier(
            H5Dcreate2(
                identifier.number,
                name,
                type.number,
                space.number,
                ch5_p_default(),
                creation.number,
                ch5_p_default()
            ),
            operation: "create",
            path: place,
            close: { H5Dclose($0) }
        )
        if !values.isEmpty {
            try Library.check(
                H5Dwrite(
                    dataset.number,
                    memoryType,
                    ch5_s_all(),
                    ch5_s_all(),
                    ch5_p_default(),
                    values
                ),
                "write",
                place
            )
        }
        return try HDF5Dataset(identifier: dataset, path: place)
    }

    private func datasetSettings(_ place: String) throws(HDF5Error) -> Identifier {
        let creation = try Identifier.propertyList(
            H5Pcreate(ch5_p_dataset_create()),
            operation: "create",
            path: place
        )
        try Library.check(H5Pset_obj_track_times(creation.number, false), "create", place)
        return creation
    }

    /// Chunks of about a mebibyte, whole rows of the first axis each.
    private func chunkedSettings(
        _ shape: [Int],
        elementBytes: Int,
        deflate: Int?,
        name: String
    ) throws(HDF5Error) -> Identifier {
        let creation = try datasetSettings(child(name))
        guard !shape.isEmpty, !shape.contains(0) else { return creation }
        let rowBytes = try elementCount(
            of: shape.dropFirst() + [elementBytes],
            limit: .max,
            path: child(name)
        )
        let rows = min(max((1 << 20) / rowBytes, 1), shape[0])
        let chunk = ([rows] + shape.dropFirst()).map { hsize_t($0) }
        try Library.check(
            H5Pset_chunk(creation.number, Int32(chunk.count), chunk),
            "create",
            child(name)
        )
        if let deflate {
            try Library.check(H5Pset_shuffle(creation.number), "create", child(name))
            try Library.check(
                H5Pset_deflate(creation.number, UInt32(min(max(deflate, 0), 9))),
                "create",
                child(name)
            )
        }
        return creation
    }

    private func fitChunks(
        of creation: Identifier,
        to shape: [Int],
        path: String
    ) throws(HDF5Error) {
        guard H5Pget_layout(creation.number) == H5D_CHUNKED, !shape.isEmpty else { return }
        var lengths = [hsize_t](repeating: 1, count: shape.count)
        try Library.check(
            H5Pget_chunk(creation.number, Int32(shape.count), &lengths),
            "create",
            path
        )
        for axis in shape.indices {
            lengths[axis] = min(lengths[axis], hsize_t(max(shape[axis], 1)))
        }
        try Library.check(
            H5Pset_chunk(creation.number, Int32(shape.count), lengths),
            "create",
            path
        )
    }
}
