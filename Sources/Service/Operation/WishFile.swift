import Durability

/// A wish as the commands make it: an empty file in the inbox.
public struct WishFile: Sendable {
    /// The inbox.
    public let spool: Spool
    /// The name of the drop.
    public let name: String

    /// Why a wish cannot be made.
    public enum Refusal: Error, Hashable, Sendable {
        /// There is nothing of that name to which the wish could apply; these are the names there are.
        case unknown([String])
        /// The file could not be made.
        case failed(FileSystemError)
    }

    /// A wish about the jobs of a name.
    public init(_ name: String, in spool: Spool) {
        self.name = name
        self.spool = spool
    }

    /// Drops the wish into the inbox.
    ///
    /// - Returns: The file.
    public func make(
        _ wish: JobWish,
        on files: any FileSystem
    ) throws(Refusal) -> String {
        let path = "\(spool.inbox)/\(name)\(wish.suffix)"
        let known: Set<String>
        do {
            known = try names(for: wish, on: files)
        } catch {
            throw .failed(error)
        }
        guard known.contains(name) else { throw .unknown(known.sorted()) }
        do {
            try files.touch(path)
        } catch {
            throw .failed(error)
        }
        return path
    }

    private func names(
        for wish: JobWish,
        on files: any FileSystem
    ) throws(FileSystemError) -> Set<String> {
        var names: Set<String> = []
        for name in try files.names(in: spool.work) where !name.hasPrefix(".") {
            if name.contains("~") { names.insert(JobFolder(path: "\(spool.work)/\(name)").stem) }
        }
        switch wish {
        case .retry:
            for name in try files.names(in: spool.failed) where name.contains("~") {
                names.insert(JobFolder(path: "\(spool.failed)/\(name)").stem)
            }
        case .cancel, .pause, .resume:
            for name in try files.names(in: spool.inbox) {
                let drop = DropName(name)
                if drop.role == .model || drop.role == .spec { names.insert(drop.stem) }
            }
        }
        return names
    }
}
