import Durability
import Logging

extension Supervisor {
    /// The next job for a free worker.
    private enum Candidate {
        case claimed(Int)
        case dropped(InboxPair)
    }

    /// Fills the free places, in the order of ``JobRank``.
    ///
    /// A job that rests, is paused, or is held by an orphaned worker must not keep others waiting.
    func startWorkers() {
        while workers.count < settings.concurrency, let next = nextCandidate() {
            switch next {
            case .claimed(let index): attempt(queue.remove(at: index).job)
            case .dropped(let pair):
                ready.removeAll { $0 == pair }
                do throws(FileSystemError) {
                    guard try claim(pair) != nil, let entry = queue.popLast() else { continue }
                    attempt(entry.job)
                } catch {
                    tell("cannot claim: \(error)", level: .error)
                    unclaimed += 1
                    return
                }
            }
        }
    }

    private func nextCandidate() -> Candidate? {
        var best: (rank: JobRank, candidate: Candidate)?
        for (index, entry) in queue.enumerated()
        where entry.notBefore <= .now && !paused.contains(entry.job.identifier) {
            let rank = ranking.rank(of: entry.job)
            if best.map({ rank < $0.rank }) ?? true { best = (rank, .claimed(index)) }
        }
        for pair in ready {
            let rank = ranking.rank(of: pair, in: spool.inbox)
            if best.map({ rank < $0.rank }) ?? true { best = (rank, .dropped(pair)) }
        }
        return best?.candidate
    }
}
