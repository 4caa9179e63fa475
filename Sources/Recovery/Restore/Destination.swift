import LinuxSystem
import SQLiteFiles
import SystemPackage

/// Rules for the destination of restored files.
enum Destination {
    /// The name that a file really gets at a path that the user named: an existing symbolic link is followed,
    /// and stays a link.
    ///
    /// Throws for an existing file unless it `isReplaceable`, and for anything there that is not a regular
    /// file.
    static func file(
        _ path: FilePath,
        isReplaceable: Bool,
        name: FilePath.Component?
    ) throws -> DirectoryEntry {
        guard var entry = try DirectoryEntry(following: path) else {
            throw RestoreError.isDirectory(path, name: name)
        }
        if try entry.statusUnlessMissing()?.kind == .symbolicLink {
            guard let target = try? Directory.resolve(path) else {
                throw isReplaceable ? RestoreError.isSpecial(path) : RestoreError.exists(path)
            }
            guard let real = try DirectoryEntry(following: target) else {
                throw RestoreError.isDirectory(path, name: name)
            }
            entry = real
        }
        try refuse(entry, isReplaceable: isReplaceable, as: path, name: name)
        return entry
    }

    /// Throws unless the name is free, or that of a regular file that `isReplaceable`. `path`: the user's
    /// name for it.
    static func refuse(
        _ entry: DirectoryEntry,
        isReplaceable: Bool,
        as path: FilePath,
        name: FilePath.Component?
    ) throws {
        guard let kind = try entry.statusUnlessMissing()?.kind else { return }
        if kind == .directory { throw RestoreError.isDirectory(path, name: name) }
        guard isReplaceable else { throw RestoreError.exists(path) }
        guard kind == .regular else { throw RestoreError.isSpecial(path) }
    }

    /// Throws if there is a sidecar beside the name that SQLite would apply to a database there. `path`: the
    /// user's name for it.
    static func refuseSidecars(of entry: DirectoryEntry, as path: FilePath) throws {
        for sidecar in Sidecar.allCases
        where (try? entry.appending(suffix: sidecar.rawValue).status()) != nil {
            throw RestoreError.sidecar(path.appending(suffix: sidecar.rawValue))
        }
    }

    /// Throws unless `path` is free or an empty directory, or any directory if it `isReplaceable`.
    /// Returns whether there is a directory.
    static func directory(_ path: FilePath, isReplaceable: Bool) throws -> Bool {
        let status: FileStatus
        do {
            status = try FileStatus.of(path)
        } catch {
            if error.code == .noSuchFileOrDirectory, (try? FileStatus.of(path, followingLinks: false)) == nil
            {
                return false
            }
            throw error
        }
        guard status.kind == .directory else { throw RestoreError.isNotDirectory(path) }
        if !isReplaceable, try !Directory.names(in: path).isEmpty { throw RestoreError.exists(path) }
        return true
    }

    /// Makes a directory as if the owner of the one above it had made it: users who may enter that one may
    /// enter this one. `ownership`: the ownership to set instead, as far as this process may. Returns the
    /// identity of the directory.
    @discardableResult
    static func makeDirectory(
        _ entry: DirectoryEntry,
        as ownership: FileOwnership? = nil
    ) throws -> FileIdentity {
        let parent = try entry.directory.status().ownership
        // In there no process can replace the directory before its owner is changed.
        let work = try UnfinishedWork.makeDirectory(in: entry.directory)
        defer { UnfinishedWork.discard(work) }
        let new = DirectoryEntry("directory", in: work)
        try new.makeDirectory()
        let opened = try OpenDirectory(new).opened()
        if let ownership {
            try? opened.setOwnership(ownership)
        } else {
            try opened.setOwnership(parent.with(permissions: 0o700 | (parent.permissions & 0o077)))
        }
        let identity = try opened.status().identity
        try UnfinishedWork.name(new, entry, isReplacing: true)
        try entry.directory.synchronise()
        return identity
    }

    /// A name below `top`, which does not lead above it. Each directory is kept open while the next one is
    /// looked up. None below `top` is a symbolic link. Missing ones are made by `maker`; without a maker the
    /// result is nil.
    ///
    /// Throws `RestoreError.isNotDirectory`, `RestoreError.escapes`, and `link` for a path that is a link.
    static func entry(
        _ name: FilePath,
        below top: OpenDirectory,
        making maker: DirectoryMaker?,
        link: (FilePath) -> any Error = { RestoreError.isNotDirectory($0) }
    ) throws -> DirectoryEntry? {
        guard name.leadsBelow, let last = name.lastComponent else { throw RestoreError.escapes(name) }
        let above = name.removingLastComponent()
        return try directory(above, below: top, making: maker, link: link).map {
            DirectoryEntry(last, in: $0)
        }
    }

    /// The same for a directory.
    static func directory(
        _ name: FilePath,
        below top: OpenDirectory,
        making maker: DirectoryMaker?,
        link: (FilePath) -> any Error = { RestoreError.isNotDirectory($0) }
    ) throws -> OpenDirectory? {
        var (directory, passed) = (top, FilePath())
        for component in name.components {
            passed.append(component)
            let entry = DirectoryEntry(component, in: directory)
            switch try entry.statusUnlessMissing()?.kind {
            case .directory: break
            case .symbolicLink: throw link(entry.path)
            case nil:
                guard let maker else { return nil }
                try maker.make(entry, passed)
            default: throw RestoreError.isNotDirectory(entry.path)
            }
            directory = try OpenDirectory(entry)
        }
        return directory
    }
}
