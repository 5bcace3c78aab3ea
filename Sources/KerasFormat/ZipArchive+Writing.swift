extension ZipArchive {
    /// The bytes of the archive, every entry stored as it is: weights hardly shrink, and Keras itself stores them so.
    ///
    /// - Throws: ``ZipError/tooLarge(limit:)`` for what needs the format's 64-bit form.
    public func image() throws(ZipError) -> [UInt8] {
        let limit = Int(UInt32.max) - 1
        let size = entries.reduce(22) { $0 + $1.bytes.count + 2 * $1.name.utf8.count + 76 }
        guard size <= limit, entries.count < 0xFFFF else { throw .tooLarge(limit: limit) }
        var image: [UInt8] = []
        image.reserveCapacity(size)
        var list: [UInt8] = []
        for entry in entries {
            let start = UInt32(image.count)
            let fields = Self.sharedFields(entry)
            image.append(little: 0x0403_4B50 as UInt32)
            image.append(contentsOf: fields)
            image.append(contentsOf: entry.name.utf8)
            image.append(contentsOf: entry.bytes)
            list.append(little: 0x0201_4B50 as UInt32)
            list.append(little: 20 as UInt16)  // made by version 2.0, MS-DOS
            list.append(contentsOf: fields)
            list.append(little: 0 as UInt16)  // no comment
            list.append(little: 0 as UInt32)  // first disk, no attributes inside
            list.append(little: 0 as UInt32)  // no attributes outside
            list.append(little: start)
            list.append(contentsOf: entry.name.utf8)
        }
        let listStart = UInt32(image.count)
        image.append(contentsOf: list)
        image.append(little: 0x0605_4B50 as UInt32)
        image.append(little: 0 as UInt32)
        image.append(little: UInt16(entries.count))
        image.append(little: UInt16(entries.count))
        image.append(little: UInt32(list.count))
        image.append(little: listStart)
        image.append(little: 0 as UInt16)
        return image
    }

    /// What an entry's own header and its line in the list both say, from the version needed to the lengths of names.
    private static func sharedFields(_ entry: Entry) -> [UInt8] {
        var fields: [UInt8] = []
        fields.append(little: 20 as UInt16)
        fields.append(little: (entry.name.utf8.allSatisfy { $0 < 128 } ? 0 : 0x800) as UInt16)
        fields.append(little: 0 as UInt16)
        fields.append(little: entry.modified)
        fields.append(little: checksum(entry.bytes))
        fields.append(little: UInt32(entry.bytes.count))
        fields.append(little: UInt32(entry.bytes.count))
        fields.append(little: UInt16(entry.name.utf8.count))
        fields.append(little: 0 as UInt16)
        return fields
    }
}

extension [UInt8] {
    fileprivate mutating func append(little number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
