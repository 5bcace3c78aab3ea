import Glibc

/// Why the tree in memory refuses.
enum TreeFault: Error {
    case number(Int32)
}

/// The state of ``InMemoryFileSystem``: entries by inode, each with what is durable beside what is current.
struct FileTree: Sendable {
    struct Entry: Sendable {
        var isFile: Bool
        var bytes: [UInt8] = []
        var children: [String: Int] = [:]
        var durableBytes: [UInt8] = []
        var durableChildren: [String: Int] = [:]
        var modified: Int64 = 0
        var changed: Int64 = 0
    }

    private static let root = 1
    private var entries: [Int: Entry] = [root: Entry(isFile: false)]
    private var nextInode = 2
    private var clock: Int64 = 0
    /// Renames from one folder to another that are not durable yet.
    private var renames: [Rename] = []

    /// Journaling file systems commit both ends of a rename together: a file is never in two places or in none.
    private struct Rename: Sendable {
        var source: (folder: Int, name: String)
        var target: (folder: Int, name: String)
    }

    func entry(at path: String) throws(TreeFault) -> Entry {
        guard let entry = entries[try inode(at: path)] else { throw .number(EIO) }
        return entry
    }

    func inode(at path: String) throws(TreeFault) -> Int {
        var inode = Self.root
        for name in components(path) {
            guard let folder = entries[inode], !folder.isFile else { throw .number(ENOTDIR) }
            guard let child = folder.children[name] else { throw .number(ENOENT) }
            inode = child
        }
        return inode
    }

    mutating func add(_ entry: Entry, at path: String) throws(TreeFault) {
        let (folder, name) = try place(path)
        guard entries[folder]?.children[name] == nil else { throw .number(EEXIST) }
        var entry = entry
        entry.modified = tick()
        entry.changed = entry.modified
        entries[nextInode] = entry
        link(nextInode, as: name, in: folder)
        nextInode += 1
    }

    mutating func makeFolder(_ path: String) throws(TreeFault) {
        do throws(TreeFault) {
            guard try !entry(at: path).isFile else { throw TreeFault.number(EEXIST) }
        } catch .number(ENOENT) {
            try add(Entry(isFile: false), at: path)
        }
    }

    mutating func rename(_ path: String, to newPath: String) throws(TreeFault) {
        let moved = try inode(at: path)
        let source = try place(path)
        let target = try place(newPath)
        let movedEntry = try entry(at: path)
        let movedParts = components(path)
        let targetParts = components(newPath)
        if !movedEntry.isFile, targetParts.count > movedParts.count,
            targetParts.starts(with: movedParts)
        {
            throw .number(EINVAL)
        }
        if let replaced = entries[target.folder]?.children[target.name] {
            if replaced == moved { return }
            guard let old = entries[replaced] else { throw .number(EIO) }
            if movedEntry.isFile, !old.isFile { throw .number(EISDIR) }
            if !movedEntry.isFile, old.isFile { throw .number(ENOTDIR) }
            guard old.children.isEmpty else { throw .number(ENOTEMPTY) }
        }
        unlink(source.name, in: source.folder)
        link(moved, as: target.name, in: target.folder)
        if source.folder != target.folder {
            renames.append(Rename(source: source, target: target))
        }
        let now = tick()
        entries[moved]?.changed = now
    }

    mutating func remove(_ path: String) throws(TreeFault) {
        let (folder, name) = try place(path)
        unlink(name, in: folder)
    }

    mutating func synchronize(_ path: String, folder: Bool) throws(TreeFault) {
        let inode = try inode(at: path)
        let entry = try entry(at: path)
        if folder {
            guard !entry.isFile else { throw .number(ENOTDIR) }
            entries[inode]?.durableChildren = entry.children
            commitRenames(touching: inode)
        } else {
            entries[inode]?.durableBytes = entry.bytes
        }
    }

    /// Makes the other end of each rename that touches a folder durable.
    private mutating func commitRenames(touching folder: Int) {
        for rename in renames {
            guard rename.source.folder == folder || rename.target.folder == folder else { continue }
            for end in [rename.source, rename.target] where end.folder != folder {
                let current = entries[end.folder]?.children[end.name]
                entries[end.folder]?.durableChildren[end.name] = current
            }
        }
        renames.removeAll { $0.source.folder == folder || $0.target.folder == folder }
    }

    mutating func touch(_ path: String) throws(TreeFault) {
        do {
            let inode = try inode(at: path)
            let now = tick()
            entries[inode]?.modified = now
            entries[inode]?.changed = now
        } catch .number(ENOENT) {
            try add(Entry(isFile: true), at: path)
        }
    }

    /// Entries that no durable folder reaches stay in the table unreachable; tests are short.
    mutating func losePower(keeping: InMemoryFileSystem.UnsynchronizedBytes) {
        renames = []
        for inode in entries.keys.sorted() {
            guard var entry = entries[inode] else { continue }
            entry.children = entry.durableChildren
            if entry.bytes != entry.durableBytes {
                switch keeping {
                case .lost: entry.bytes = entry.durableBytes
                case .torn: entry.bytes = Array(entry.bytes.prefix(entry.bytes.count / 2))
                case .kept: break
                }
                entry.durableBytes = entry.bytes
            }
            entries[inode] = entry
        }
    }

    private func components(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map(String.init)
    }

    private func place(_ path: String) throws(TreeFault) -> (folder: Int, name: String) {
        var parts = components(path)
        guard let name = parts.popLast() else { throw .number(EINVAL) }
        let folder = try inode(at: parts.joined(separator: "/"))
        guard entries[folder]?.isFile == false else { throw .number(ENOTDIR) }
        return (folder, name)
    }

    private mutating func link(_ inode: Int, as name: String, in folder: Int) {
        let now = tick()
        entries[folder]?.children[name] = inode
        entries[folder]?.modified = now
    }

    private mutating func unlink(_ name: String, in folder: Int) {
        let now = tick()
        entries[folder]?.children[name] = nil
        entries[folder]?.modified = now
    }

    private mutating func tick() -> Int64 {
        clock += 1
        return clock
    }
}
