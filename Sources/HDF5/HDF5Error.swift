/// Why an HDF5 file could not be read or written.
public enum HDF5Error: Error, Hashable, Sendable {
    /// The bytes do not begin as an HDF5 file does.
    case notHDF5
    /// The file says it is longer than it is: it is still being copied, or was cut.
    case truncated(stored: UInt64, found: UInt64)
    /// The operating system would not give the file; `errorNumber` is errno.
    case unreadable(file: String, errorNumber: Int32)
    /// There is no such link or attribute.
    case missing(path: String)
    /// Something is of another kind, type or shape than was asked for.
    case unexpected(path: String, expected: String, found: String)
    /// The file claims more elements than the reader was prepared to take.
    case tooLarge(path: String, limit: Int, found: String)
    /// A feature that is refused because it reaches outside the file or is not known here.
    case unsupported(path: String, feature: String)
    /// libhdf5 reported a failure.
    case failed(operation: String, path: String, detail: String)
}
