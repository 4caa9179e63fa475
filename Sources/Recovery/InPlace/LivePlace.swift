import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The current place of a protected file. The root's path may have symbolic links; below it none is followed.
enum LivePlace {
    /// The file's name in its open directory. The file itself may be missing. Nil if its directory is
    /// missing, or if the name belongs to something else than a file. Throws `InPlaceError.isLink` when the
    /// file, or one of its directories below the root, is a symbolic link.
    static func of(_ name: FilePath, in root: RootDescription) throws -> DirectoryEntry? {
        do {
            return try find(name, root, making: nil)
        } catch let error as SystemError where error.isMissing {
            return nil
        } catch RestoreError.isNotDirectory {
            return nil
        }
    }

    /// Throws if an obstacle would prevent restoring a file there, and makes nothing.
    static func refuseObstacles(to name: FilePath, in root: RootDescription) throws {
        do {
            guard let place = try find(name, root, making: nil) else {
                return try deepestDirectory(above: name, in: root).requireWritable()
            }
            try refuseUnlessFile(place)
            try place.directory.requireWritable()
            if try place.statusUnlessMissing() != nil { try place.requireWritable() }
        } catch let error as SystemError where error.isMissing {
            // The root itself is missing, and is made.
        }
    }

    /// Throws `InPlaceError.isNoFile` unless the name is free or that of a regular file.
    static func refuseUnlessFile(_ place: DirectoryEntry) throws {
        guard let kind = try place.statusUnlessMissing()?.kind, kind != .regular else { return }
        throw InPlaceError.isNoFile(place.path, isDirectory: kind == .directory)
    }

    private static func deepestDirectory(
        above name: FilePath,
        in root: RootDescription
    ) throws -> OpenDirectory {
        let top = try OpenDirectory(Directory.resolve(root.path))
        var above = name.removingLastComponent()
        while !above.isEmpty {
            if let found = try Destination.directory(above, below: top, making: nil) { return found }
            above.removeLastComponent()
        }
        return top
    }

    /// The same, but makes a missing directory.
    static func made(
        _ name: FilePath,
        in root: RootDescription,
        by maker: DirectoryMaker
    ) throws -> DirectoryEntry {
        try makeRoot(root, maker)
        guard let place = try find(name, root, making: maker) else { throw RestoreError.escapes(name) }
        return place
    }

    /// The root's directory; makes a missing one.
    static func top(of root: RootDescription, by maker: DirectoryMaker) throws -> OpenDirectory {
        try makeRoot(root, maker)
        return try OpenDirectory(Directory.resolve(root.path))
    }

    private static func makeRoot(_ root: RootDescription, _ maker: DirectoryMaker) throws {
        if root.kind == .directory, FileStatus.ifPresent(root.path) == nil,
            let top = try DirectoryEntry(following: root.path)
        {
            try maker.make(top, "")
        }
    }

    private static func find(
        _ name: FilePath,
        _ root: RootDescription,
        making maker: DirectoryMaker?
    ) throws -> DirectoryEntry? {
        let place: DirectoryEntry?
        switch root.kind {
        case .directory:
            let top = try OpenDirectory(Directory.resolve(root.path))
            place = try Destination.entry(name, below: top, making: maker) { InPlaceError.isLink($0) }
        case .file:
            let path = (try? Directory.resolve(root.path)) ?? root.path
            let directory = try OpenDirectory(Directory.resolve(path.removingLastComponent()))
            place = path.lastComponent.map { DirectoryEntry($0, in: directory) }
        }
        if let place, try place.statusUnlessMissing()?.kind == .symbolicLink {
            throw InPlaceError.isLink(place.path)
        }
        return place
    }
}
