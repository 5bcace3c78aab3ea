import Durability
import Foundation
import JobFiles
import Service
import Synchronization
import Testing

@Suite("Who a job belongs to")
struct JobOwnershipTests {
    private let files = InMemoryFileSystem()
    private let spool = Spool(root: "/spool")

    /// A daemon; the clock in memory counts operations, so a lease of 1e-6 lasts a thousand of them.
    private func daemon(_ boot: String, run: UInt32, lease: Double = 1e-6) -> JobOwnership {
        JobOwnership(
            spool: spool,
            identity: DaemonIdentity(boot: boot, run: run),
            leaseSeconds: lease,
            files: files
        )
    }

    /// A job that the given daemon has just claimed.
    private func job(of owner: JobOwnership) throws -> JobFolder {
        try spool.prepare(on: files)
        try publish([1], to: "\(spool.inbox)/job.h5", on: files)
        try publish([2], to: "\(spool.inbox)/job.yaml", on: files)
        let pair = InboxPair(stem: "job", model: "job.h5", spec: "job.yaml")
        let claim = Claim(spool, identity: owner.identity, files: files)
        return try #require(try claim.take(pair, identifier: 7))
    }

    @Test("another host's job is left alone while its lease is fresh, and taken when it is old")
    func leases() throws {
        let owner = daemon("here", run: 1)
        let job = try job(of: owner)
        #expect(try daemon("there", run: 2).takeOver() == [])
        #expect(try owner.renew(job))
        let taken = try daemon("there", run: 2, lease: 0).takeOver()
        #expect(taken.map(\.identifier) == ["job~00000007"])
        #expect(taken.first?.owner == daemon("there", run: 2).identity)
        #expect(try !owner.renew(job), "the owner before learns of it")
        #expect(try taken.first.map { try files.names(in: $0.drop) } == ["job.h5", "job.yaml"])
    }

    @Test("a job of a dead daemon of the same host is taken at once, of a living one not")
    func locks() throws {
        let owner = daemon("here", run: 1)
        try spool.prepare(on: files)
        let lock = try owner.lockOfDaemon()
        _ = try job(of: owner)
        #expect(try daemon("here", run: 2).takeOver() == [])
        lock.release()
        #expect(try daemon("here", run: 2).takeOver().count == 1)
    }

    @Test("a daemon that lives but has long shown no sign of it loses its jobs")
    func sleepers() throws {
        let owner = daemon("here", run: 1)
        try spool.prepare(on: files)
        let lock = try owner.lockOfDaemon()
        _ = try job(of: owner)
        #expect(try daemon("here", run: 2, lease: 0).takeOver().count == 1)
        lock.release()
    }

    @Test("a job that was let go is anybody's at once")
    func release() throws {
        let owner = daemon("here", run: 1)
        let job = try job(of: owner)
        try owner.release(job)
        #expect(try daemon("there", run: 2).takeOver().count == 1)
        try owner.release(job)
    }

    @Test("a worker whose job was taken over delivers nothing, and brings no folder back")
    func fence() throws {
        let owner = daemon("here", run: 1)
        let job = try job(of: owner)
        let late = Delivery(job, outbox: spool.outbox, files: files)
        let taken = try daemon("there", run: 2, lease: 0).takeOver()
        #expect(throws: FileSystemError.self) {
            try late.deliver([("job.h5", [1])], stem: "job", failed: false)
        }
        #expect(try files.names(in: spool.outbox).isEmpty)
        #expect(try spool.jobs(on: files) == taken)
    }

    @Test("of many daemons that find a dead one's job, one takes it over")
    func race() throws {
        let place = try TemporarySpool()
        let job = JobFolder(path: "\(place.spool.work)/job~00000001")
        try place.files.makeDurableFolder(job.drop)
        let spool = place.spool
        let winners = Mutex(0)
        let locks = Mutex<[any FileLock]>([])
        DispatchQueue.concurrentPerform(iterations: 16) { index in
            let identity = DaemonIdentity(boot: "here", run: UInt32(index))
            let taker = JobOwnership(
                spool: spool,
                identity: identity,
                leaseSeconds: 60,
                files: RealFileSystem()
            )
            do {
                let lock = try taker.lockOfDaemon()
                locks.withLock { $0.append(lock) }
                let count = try taker.takeOver().count
                winners.withLock { $0 += count }
            } catch {
                Issue.record(error)
            }
        }
        #expect(winners.withLock { $0 } == 1)
        #expect(try spool.jobs(on: place.files).count == 1)
    }
}
