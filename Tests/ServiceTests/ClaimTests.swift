import Durability
import Foundation
import JobFiles
import Service
import Synchronization
import Testing

@Suite("Claim")
struct ClaimTests {
    private let pair = InboxPair(stem: "job", model: "job.h5", spec: "job.yaml")
    private let identity = DaemonIdentity(boot: "one", run: 1)

    private func claim(_ place: TemporarySpool) -> Claim {
        Claim(place.spool, identity: identity, files: place.files)
    }

    @Test("of many that claim one drop, one gets it and nothing is left of the others")
    func race() throws {
        let place = try TemporarySpool()
        try place.drop("job")
        let (spool, pair, identity) = (place.spool, pair, identity)
        let winners = Mutex<[JobFolder]>([])
        let faults = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 16) { index in
            do {
                let claim = Claim(spool, identity: identity, files: RealFileSystem())
                if let job = try claim.take(pair, identifier: UInt32(index)) {
                    winners.withLock { $0.append(job) }
                }
            } catch {
                faults.withLock { $0.append("\(error)") }
            }
        }
        #expect(faults.withLock { $0 } == [])
        let job = try #require(winners.withLock { $0.count == 1 ? $0.first : nil })
        #expect(try place.files.names(in: job.drop) == ["job.h5", "job.yaml"])
        #expect(try spool.jobs(on: place.files) == [job])
        #expect(try place.files.names(in: spool.inbox).isEmpty)
    }

    @Test("a claim cut off before the spec's rename leaves the drop in the inbox and no folder")
    func beforeClaim() throws {
        let place = try TemporarySpool()
        try place.drop("job")
        let job = JobFolder(path: "\(place.spool.work)/job~00000001")
        try place.files.makeDurableFolder(job.drop)
        #expect(try !claim(place).complete(job))
        #expect(try place.spool.jobs(on: place.files) == [])
        #expect(try place.files.names(in: place.spool.inbox) == ["job.h5", "job.yaml"])
    }

    @Test("a claim cut off between spec and model is completed")
    func halfClaim() throws {
        let place = try TemporarySpool()
        try place.drop("job")
        let job = JobFolder(path: "\(place.spool.work)/job~00000001")
        try place.files.makeDurableFolder(job.drop)
        try place.files.rename("\(place.spool.inbox)/job.yaml", to: "\(job.drop)/job.yaml")
        #expect(try claim(place).complete(job))
        #expect(try place.files.names(in: job.drop) == ["job.h5", "job.yaml"])
    }

    @Test("a drop that went away is nobody's")
    func vanished() throws {
        let place = try TemporarySpool()
        #expect(try claim(place).take(pair, identifier: 1) == nil)
        #expect(try place.spool.jobs(on: place.files) == [])
    }
}
