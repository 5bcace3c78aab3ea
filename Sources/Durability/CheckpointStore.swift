/// Why no checkpoint could be loaded.
public enum CheckpointError: Error, Hashable, Sendable {
    /// The file system failed.
    case fileSystem(FileSystemError)
    /// Checkpoints are there, but none is whole.
    case damaged([CheckpointFault])
    /// A whole checkpoint belongs to another job.
    case foreign(path: String, expected: String, found: String)
    /// A whole checkpoint was written by a newer format.
    case unknownVersion(path: String, newest: UInt32, found: UInt32)
}

/// A checkpoint file that is not whole, and what is wrong with it.
public struct CheckpointFault: Hashable, Sendable {
    /// The file.
    public var path: String
    /// What is wrong.
    public var damage: CheckpointDamage

    /// Makes a fault.
    public init(path: String, damage: CheckpointDamage) {
        self.path = path
        self.damage = damage
    }
}

/// A loaded checkpoint.
public struct LoadedCheckpoint: Hashable, Sendable {
    /// What was saved.
    public var payload: [UInt8]
    /// Its place in the order of saves, counted from 1.
    public var generation: UInt64
    /// True when a newer checkpoint was there but damaged, and this is the one before it.
    public var wasFallback: Bool
}

/// The last two checkpoints of one job, in one folder; the older is replaced only when the newer is on the medium.
///
/// Its caller is the folder's one owner (``JobLock``).
public struct CheckpointStore: Sendable {
    /// The folder that holds the two files.
    public let folder: String
    /// The job the checkpoints belong to.
    public let identity: String
    private let files: any FileSystem
    /// The largest checkpoint file that is read, in bytes.
    private let largest: Int
    private var last: (generation: UInt64, slot: Int)?
    private var isKnown = false

    /// Names the folder, which must exist, and the job.
    public init(
        folder: String,
        identity: String,
        files: any FileSystem,
        largestBytes: Int = 16 << 30
    ) {
        self.folder = folder
        self.identity = identity
        self.files = files
        largest = largestBytes
    }

    /// The paths of the two generations.
    public var paths: [String] { (0..<2).map { "\(folder)/checkpoint.\($0)" } }

    /// Saves a payload as the newest generation; the one before it stays.
    ///
    /// - Throws: ``CheckpointError``; both generations are then as they were.
    public mutating func save(_ payload: [UInt8]) throws(CheckpointError) {
        if !isKnown { try survey() }
        let generation = (last?.generation ?? 0) + 1
        let slot = last.map { 1 - $0.slot } ?? 0
        let image = CheckpointImage(
            generation: generation,
            identity: identity,
            payload: payload
        ).bytes
        do {
            try publish(image, to: paths[slot], on: files)
        } catch {
            throw .fileSystem(error)
        }
        last = (generation, slot)
    }

    /// Loads the newest whole checkpoint, or nothing where there is none at all.
    ///
    /// - Throws: ``CheckpointError/damaged(_:)`` when there are files but none is whole.
    public mutating func load() throws(CheckpointError) -> LoadedCheckpoint? {
        var whole: [(slot: Int, image: CheckpointImage)] = []
        var faults: [CheckpointFault] = []
        for (slot, path) in paths.enumerated() {
            switch try read(path) {
            case nil: continue
            case .success(let image): whole.append((slot, image))
            case .failure(let damage): faults.append(CheckpointFault(path: path, damage: damage))
            }
        }
        guard let newest = whole.max(by: { $0.image.generation < $1.image.generation }) else {
            guard faults.isEmpty else { throw .damaged(faults) }
            (last, isKnown) = (nil, true)
            return nil
        }
        guard newest.image.version <= CheckpointImage.newestVersion else {
            throw .unknownVersion(
                path: paths[newest.slot],
                newest: CheckpointImage.newestVersion,
                found: newest.image.version
            )
        }
        guard newest.image.identity == identity else {
            throw .foreign(
                path: paths[newest.slot],
                expected: identity,
                found: newest.image.identity
            )
        }
        (last, isKnown) = ((newest.image.generation, newest.slot), true)
        return LoadedCheckpoint(
            payload: newest.image.payload,
            generation: newest.image.generation,
            wasFallback: faults.contains { $0.damage.isNewer(than: newest.image.generation) }
        )
    }

    /// Removes both generations, to start over.
    public mutating func clear() throws(CheckpointError) {
        do {
            for path in paths where try files.statusIfPresent(of: path) != nil {
                try files.removeFile(path)
            }
            try files.synchronizeFolder(folder)
        } catch {
            throw .fileSystem(error)
        }
        (last, isKnown) = (nil, true)
    }

    /// Finds the slot to write next without insisting that a checkpoint is whole.
    private mutating func survey() throws(CheckpointError) {
        do {
            _ = try load()
        } catch .damaged {
            (last, isKnown) = (nil, true)
        }
    }

    private func read(
        _ path: String
    ) throws(CheckpointError) -> Result<CheckpointImage, CheckpointDamage>? {
        do {
            return CheckpointImage.decode(try files.read(path, limit: largest))
        } catch  where error.isAbsent {
            return nil
        } catch {
            throw .fileSystem(error)
        }
    }
}
