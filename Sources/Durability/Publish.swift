import Glibc

/// Writes a file so that a reader or a crash finds the old bytes or all the new ones, never a part.
///
/// The steps: a temporary name in the same folder, write, check the length, fsync, rename, fsync the folder. On
/// failure the temporary is removed and the old file is untouched, unless only the last step failed: then the new
/// bytes are in place but may not survive a power cut.
///
/// - Throws: The first ``FileSystemError``; ``FileSystemError/isFull`` means that trying later can help.
public func publish(
    _ bytes: [UInt8],
    to path: String,
    on fileSystem: some FileSystem
) throws(FileSystemError) {
    let parts = PathParts(path)
    let temporary = "\(parts.folder)/\(TemporaryName.make(for: parts.name))"
    do throws(FileSystemError) {
        try fileSystem.writeNew(bytes, to: temporary)
        guard try fileSystem.status(of: temporary).sizeBytes == bytes.count else {
            throw FileSystemError(.checkLength, path: temporary, number: EIO)
        }
        try fileSystem.synchronizeFile(temporary)
        try fileSystem.rename(temporary, to: path)
    } catch {
        discard(temporary, on: fileSystem)
        throw error
    }
    try fileSystem.synchronizeFolder(parts.folder)
}

/// Removes the temporaries that crashed calls of ``publish(_:to:on:)`` left in a folder.
///
/// Only for the folder's one owner: another writer's temporary would go as well.
public func removeStaleTemporaries(
    in folder: String,
    on fileSystem: some FileSystem
) throws(FileSystemError) {
    for name in try fileSystem.names(in: folder) where TemporaryName.matches(name) {
        try fileSystem.removeFile("\(folder)/\(name)")
    }
}

private func discard(_ temporary: String, on fileSystem: some FileSystem) {
    do {
        try fileSystem.removeFile(temporary)
    } catch {
        // The caller is told of the failure that led here; a temporary that stays is ignored by every reader.
    }
}

/// The names under which files are written before they get their own.
public enum TemporaryName {
    private static let suffix = ".tmp"
    // A name may have 255 bytes; the dots, 16 digits and the suffix need 22.
    private static let largestStem = 200

    /// A fresh temporary name: a dot, the final name (cut if long), random digits, `.tmp`.
    public static func make(for name: String) -> String {
        var stem = name
        while stem.utf8.count > largestStem { stem.removeLast() }
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return ".\(stem).\(String(repeating: "0", count: 16 - digits.count))\(digits)\(suffix)"
    }

    /// Whether a name was made by ``make(for:)``.
    public static func matches(_ name: String) -> Bool {
        guard name.hasPrefix("."), name.hasSuffix(suffix) else { return false }
        let stem = name.dropLast(suffix.count)
        let digits = stem.suffix(16)
        return digits.count == 16 && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
            && stem.dropLast(16).hasSuffix(".") && stem.count > 18
    }
}
