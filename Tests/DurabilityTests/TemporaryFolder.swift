import Durability
import Foundation
import Testing

/// Runs a test in a fresh folder of the machine's file system and removes it afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "/espalier-durability-\(UUID().uuidString)"
    let files = RealFileSystem()
    try files.makeFolder(path)
    defer {
        #expect(throws: Never.self) { try files.removeTree(path) }
    }
    try body(path)
}

/// Runs a test once on the machine's file system and once on the one in memory, each in an empty folder.
func onEveryFileSystem(_ body: (any FileSystem, String) throws -> Void) throws {
    try withTemporaryFolder { try body(RealFileSystem(), $0) }
    let memory = InMemoryFileSystem()
    try memory.makeFolder("/folder")
    try body(memory, "/folder")
}

/// The error number that an operation fails with.
func number(_ body: () throws -> Void) -> Int32? {
    do {
        try body()
    } catch let error as FileSystemError {
        return error.number
    } catch {
        Issue.record(error)
    }
    return nil
}
