import Durability

extension JobFolder {
    /// There while the job is paused.
    public var pause: String { "\(path)/pause" }
    /// There from before the delivery is settled until the program of `on_delivery` has ended.
    public var pendingHook: String { "\(path)/hook-pending" }

    /// Whether its owner wants it to wait; one that is to end need not.
    func isPaused(on files: any FileSystem) throws(FileSystemError) -> Bool {
        guard try files.statusIfPresent(of: pause) != nil else { return false }
        return try files.statusIfPresent(of: cancellation) == nil
    }

    /// Makes a settled job one that was never begun: no receipt, no wish, no attempts.
    ///
    /// Not in one step, but a crash between leaves a settled job that can be made fresh again.
    func makeFresh(on files: any FileSystem) throws(FileSystemError) {
        for path in [cancellation, pause, pendingHook, attempts, status, receipt] {
            do throws(FileSystemError) {
                try files.removeFile(path)
            } catch  where error.isAbsent {
                continue
            }
        }
        if try files.statusIfPresent(of: staging) != nil { try files.removeTree(staging) }
        try files.synchronizeFolder(path)
    }
}
