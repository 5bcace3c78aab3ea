import Durability
import Foundation
import Testing

@Suite("The lock of a job folder")
struct JobLockTests {
    @Test("a held lock is refused to a second worker until it is released")
    func exclusive() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/lock"
            let first = try JobLock(path: path)
            #expect(throws: JobLockError.held(path: path)) { try JobLock(path: path) }
            first.release()
            first.release()
            let second = try JobLock(path: path)
            #expect(throws: JobLockError.held(path: path)) { try JobLock(path: path) }
            second.release()
        }
    }

    @Test("a lock that goes out of use is free")
    func dropped() throws {
        try withTemporaryFolder { folder in
            do { _ = try JobLock(path: "\(folder)/lock") }
            _ = try JobLock(path: "\(folder)/lock")
        }
    }

    @Test("a lock in a missing folder is an error of the file system")
    func missing() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/missing/lock"
            #expect(
                throws: JobLockError.failed(FileSystemError(.open, path: path, number: ENOENT))
            ) { try JobLock(path: path) }
        }
    }

    @Test(
        "the lock of a killed process is free",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/flock"))
    )
    func killed() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/lock"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
            process.arguments = ["--no-fork", path, "sleep", "60"]
            try process.run()
            var isHeld = false
            for _ in 0..<500 where !isHeld {
                do { try JobLock(path: path).release() } catch JobLockError.held { isHeld = true }
                usleep(10_000)
            }
            #expect(isHeld)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try JobLock(path: path).release()
        }
    }
}
