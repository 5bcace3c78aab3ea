/// What the owner of a job can ask for, by a file `NAME.WISH` in the inbox or the command of that name.
public enum JobWish: String, CaseIterable, Hashable, Sendable {
    /// End it, and deliver it as failed.
    case cancel
    /// Stop it at its last checkpoint until it is resumed.
    case pause
    /// Go on with a paused one.
    case resume
    /// Try a failed one again, or a resting one at once, with all its attempts.
    case retry

    /// The end of the file's name.
    public var suffix: String { ".\(rawValue)" }
}
