/// What a name in the inbox can be to the daemon.
public enum DropRole: Hashable, Sendable {
    /// A model to compress.
    case model
    /// The sidecar that says how.
    case spec
    /// What the owner wants of the job of that name.
    case wish(JobWish)
    /// Nothing of a job: hidden, unfinished, a note, or another kind of file.
    case ignored
}

/// A name in the inbox, taken apart.
public struct DropName: Hashable, Sendable {
    /// The name that model and spec share.
    public var stem: String
    /// What the file is.
    public var role: DropRole

    private static let unfinished = [".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"]
    private static let notes: Set<String> = ["README.md", "Thumbs.db", "desktop.ini"]
    private static let modelSuffixes = [".h5", ".hdf5", ".keras"]
    private static let specSuffixes = [".yaml", ".yml", ".json"]

    /// Takes a file name apart.
    public init(_ name: String) {
        stem = name
        role = .ignored
        guard !name.hasPrefix("."), !Self.notes.contains(name),
            !Self.unfinished.contains(where: name.hasSuffix)
        else { return }
        let wishes = JobWish.allCases.map { (DropRole.wish($0), [$0.suffix]) }
        let kinds: [(DropRole, [String])] =
            [(.model, Self.modelSuffixes), (.spec, Self.specSuffixes)] + wishes
        for (role, suffixes) in kinds {
            for suffix in suffixes where name.hasSuffix(suffix) && name.count > suffix.count {
                stem = String(name.dropLast(suffix.count))
                self.role = role
                return
            }
        }
    }

    /// A stem short enough that every name made from it fits in 255 bytes.
    public static func shortened(_ stem: String) -> String {
        var short = stem
        while short.utf8.count > 200 { short.removeLast() }
        return short
    }

    /// The name of the attempt-th delivery of a job: `NAME`, `NAME~2`, `NAME~3`, with `.failed` behind for a failure.
    public static func delivery(of stem: String, failed: Bool, attempt: Int) -> String {
        let name = shortened(stem) + (failed ? ".failed" : "")
        return attempt == 1 ? name : "\(name)~\(attempt)"
    }
}
