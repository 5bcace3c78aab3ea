import Durability
import HDF5

/// What the first bytes of a model say.
public enum ModelHeader: Hashable, Sendable {
    /// The file is as long as it says.
    case complete
    /// The file is shorter than it says: it is still being copied, or was cut.
    case short
    /// Not a file of the kind, which waiting cannot change.
    case unusable

    /// Judges a model by its beginning and its length.
    public init(header: [UInt8], length: UInt64) {
        do {
            try HDF5File.checkHeader(header, length: length)
            self = .complete
        } catch {
            switch error {
            case .truncated: self = .short
            case .notHDF5: self = length == 0 ? .short : .unusable
            case .unreadable, .missing, .unexpected, .tooLarge, .unsupported, .failed:
                self = .unusable
            }
        }
    }
}

/// One file of the inbox as a scan found it.
public struct InboxEntry: Hashable, Sendable {
    /// The file's name.
    public var name: String
    /// Size, times and kind.
    public var status: FileStatus
    /// What a model's first bytes say; nil for other files.
    public var header: ModelHeader?

    /// Makes an entry.
    public init(name: String, status: FileStatus, header: ModelHeader? = nil) {
        self.name = name
        self.status = status
        self.header = header
    }
}

/// A model and its spec, side by side in the inbox.
public struct InboxPair: Hashable, Sendable {
    /// The name both share.
    public var stem: String
    /// The model's file name.
    public var model: String
    /// The spec's file name.
    public var spec: String

    /// Makes a pair.
    public init(stem: String, model: String, spec: String) {
        self.stem = stem
        self.model = model
        self.spec = spec
    }
}

/// A wish found in the inbox.
public struct InboxWish: Hashable, Sendable {
    /// What is wanted.
    public var wish: JobWish
    /// The name of the drop it is about.
    public var stem: String

    /// Makes a wish.
    public init(wish: JobWish, stem: String) {
        self.wish = wish
        self.stem = stem
    }

    /// The name of its file.
    public var file: String { stem + wish.suffix }
}

/// What a scan of the inbox decided.
public struct InboxDecision: Hashable, Sendable {
    /// Pairs to claim now.
    ///
    /// One with a model that cannot be read is claimed too, and fails with the reason.
    public var ready: [InboxPair] = []
    /// Pairs that are still being written.
    public var waiting: [InboxPair] = []
    /// Models and specs that lie at rest, and whose other half is not there.
    public var lone: [String] = []
    /// Models and specs of which the other half may yet come: they have only just been written.
    public var arriving: [String] = []
    /// What owners want of their jobs.
    public var wishes: [InboxWish] = []
    /// Names of a job's file that are a folder, a link or something else that is never read.
    public var irregular: [String] = []
}

/// Decides, from what one scan after another found, which drops are whole and at rest.
///
/// Pure: times are the file system's own, handed in, so that a clock that differs from the server's cannot mislead it.
public struct InboxScanner: Sendable {
    /// How long a file must be unchanged, in seconds.
    public let settleSeconds: Double
    /// How long a model that is shorter than it says is waited for, in seconds.
    public let graceSeconds: Double
    private var seen: [String: (status: FileStatus, since: Int64)] = [:]

    /// Makes a scanner that has seen nothing.
    public init(settleSeconds: Double = 2, graceSeconds: Double = 600) {
        self.settleSeconds = settleSeconds
        self.graceSeconds = graceSeconds
    }

    /// Takes in one scan.
    ///
    /// - Parameters:
    ///   - entries: Everything in the inbox.
    ///   - now: The file system's time in nanoseconds.
    /// - Returns: What to do with each drop.
    public mutating func decide(_ entries: [InboxEntry], now: Int64) -> InboxDecision {
        let meant = entries.filter { DropName($0.name).role != .ignored }
        let files = meant.filter { $0.status.kind == .file }
        var rest: [String: Double] = [:]
        var remembered: [String: (status: FileStatus, since: Int64)] = [:]
        for file in files {
            let before = seen[file.name]
            let first = before?.status == file.status ? before?.since ?? now : now
            // A change time in the future says nothing; then only what was observed counts.
            let changed = file.status.changedNanoseconds
            let since = changed <= now ? min(changed, first) : first
            remembered[file.name] = (file.status, since)
            rest[file.name] = Double(now - since) / 1e9
        }
        seen = remembered
        var decision = pair(files, rest: rest)
        decision.irregular = meant.filter { $0.status.kind != .file }.map(\.name)
        return decision
    }

    private func pair(_ files: [InboxEntry], rest: [String: Double]) -> InboxDecision {
        var models: [String: InboxEntry] = [:]
        var specs: [String: InboxEntry] = [:]
        var decision = InboxDecision()
        for file in files.sorted(by: { $0.name < $1.name }) {
            let name = DropName(file.name)
            switch name.role {
            case .model: if models[name.stem] == nil { models[name.stem] = file }
            case .spec: if specs[name.stem] == nil { specs[name.stem] = file }
            case .wish(let wish):
                decision.wishes.append(InboxWish(wish: wish, stem: name.stem))
            case .ignored: continue
            }
        }
        for stem in Set(models.keys).union(specs.keys).sorted() {
            guard let model = models[stem], let spec = specs[stem] else {
                for half in [models[stem], specs[stem]].compactMap({ $0?.name }) {
                    if rest[half] ?? 0 >= settleSeconds {
                        decision.lone.append(half)
                    } else {
                        decision.arriving.append(half)
                    }
                }
                continue
            }
            let pair = InboxPair(stem: stem, model: model.name, spec: spec.name)
            let idle = min(rest[model.name] ?? 0, rest[spec.name] ?? 0)
            let needed =
                model.header == .short ? max(graceSeconds, settleSeconds) : settleSeconds
            if idle >= needed {
                decision.ready.append(pair)
            } else {
                decision.waiting.append(pair)
            }
        }
        return decision
    }
}
