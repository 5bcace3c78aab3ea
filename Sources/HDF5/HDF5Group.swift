import CHDF5

/// A group: named children and attributes.
///
/// Paths given to its functions go downward from it, their parts separated by slashes. Only hard links are followed:
/// soft and external ones could lead out of the file.
public struct HDF5Group: Sendable {
    let identifier: Identifier
    /// Where the group is in its file.
    public let path: String

    /// The attributes of the group.
    public var attributes: HDF5Attributes { HDF5Attributes(identifier: identifier, path: path) }

    /// The names of the children in order of name.
    public func childNames() throws(HDF5Error) -> [String] {
        try Library.locked { () throws(HDF5Error) in
            var names: [String] = []
            let status = withUnsafeMutablePointer(to: &names) { list in
                ch5_links(identifier.number, appendName, list)
            }
            try Library.check(status, "list", path)
            return names
        }
    }

    /// What a child is, or nil where there is none.
    ///
    /// - Throws: ``HDF5Error/unsupported(path:feature:)`` for a link out of the file.
    public func kind(of child: String) throws(HDF5Error) -> HDF5ObjectKind? {
        try Library.locked { () throws(HDF5Error) in
            guard let object = try open(child) else { return nil }
            return HDF5ObjectKind(object)
        }
    }

    /// The group at a path below this one.
    public func group(_ relative: String) throws(HDF5Error) -> HDF5Group {
        try Library.locked { () throws(HDF5Error) in
            let object = try require(relative)
            guard HDF5ObjectKind(object) == .group else {
                throw .unexpected(
                    path: child(relative),
                    expected: "a group",
                    found: "another object"
                )
            }
            return HDF5Group(identifier: object, path: child(relative))
        }
    }

    /// The dataset at a path below this group.
    public func dataset(_ relative: String) throws(HDF5Error) -> HDF5Dataset {
        try Library.locked { () throws(HDF5Error) in
            let object = try require(relative)
            guard HDF5ObjectKind(object) == .dataset else {
                throw .unexpected(
                    path: child(relative),
                    expected: "a dataset",
                    found: "another object"
                )
            }
            return try HDF5Dataset(identifier: object, path: child(relative))
        }
    }

    func child(_ relative: String) -> String {
        path == "/" ? "/\(relative)" : "\(path)/\(relative)"
    }

    private func require(_ relative: String) throws(HDF5Error) -> Identifier {
        guard let object = try open(relative) else { throw .missing(path: child(relative)) }
        return object
    }

    /// Walks the path part by part, so that no link out of the file is followed on the way.
    private func open(_ relative: String) throws(HDF5Error) -> Identifier? {
        let parts = relative.split(separator: "/")
        guard !parts.isEmpty, !parts.contains(".") else { return nil }
        var place = identifier
        for part in parts {
            guard H5Iget_type(place.number) == H5I_GROUP else { return nil }
            let name = String(part)
            let link = ch5_is_hard_link(place.number, name)
            guard link >= 0 else { return nil }
            guard link == 1 else {
                throw .unsupported(path: child(relative), feature: "a soft or external link")
            }
            place = try Identifier(
                H5Oopen(place.number, name, ch5_p_default()),
                operation: "open",
                path: child(relative),
                close: { H5Oclose($0) }
            )
        }
        return place
    }
}

/// What a link leads to.
public enum HDF5ObjectKind: Hashable, Sendable {
    /// A group.
    case group
    /// A dataset.
    case dataset
    /// A named datatype or something unknown.
    case other

    init(_ object: Identifier) {
        switch H5Iget_type(object.number) {
        case H5I_GROUP: self = .group
        case H5I_DATASET: self = .dataset
        default: self = .other
        }
    }
}
