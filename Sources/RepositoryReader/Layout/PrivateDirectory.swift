import LinuxSystem
package import SystemPackage

/// Directories into which no other user can have put anything.
package enum PrivateDirectory {
    /// Throws `RepositoryError.notPrivate` unless the directory is private. A directory is private if and
    /// only if:
    /// 1. It belongs to this user, or this process runs as root.
    /// 2. Group and others may not write to it, or its file system keeps no modes. In that case nobody could
    ///    fix it, and the user chose the place.
    /// 3. It is not a symbolic link. A link is followed only where the user gave the path.
    static func requireReadable(_ path: FilePath, followingLinks: Bool = false) throws {
        let status = try FileStatus.of(path, followingLinks: followingLinks)
        guard status.kind != .symbolicLink else { throw link(path) }
        guard status.ownerID == CurrentProcess.userID || CurrentProcess.userID == 0 else {
            throw RepositoryError.notPrivate(path, owner(status))
        }
        guard try status.permissions & 0o022 == 0 || !keepsModes(path) else {
            throw RepositoryError.notPrivate(
                path,
                "can be written by others: chmod go-w it, then run \(SuggestedCommand("check"))"
            )
        }
    }

    /// The same for a process that will write there. Root may not: the owner could not access the files that
    /// it makes.
    package static func requireWritable(_ path: FilePath) throws {
        try requireReadable(path)
        let status = try FileStatus.of(path, followingLinks: false)
        guard status.ownerID == CurrentProcess.userID else {
            throw RepositoryError.notPrivate(path, owner(status))
        }
    }

    /// Whether others may list the directory, or more, because its file system keeps no modes.
    static func isOpenedByMount(_ path: FilePath) throws -> Bool {
        try FileStatus.of(path).permissions & 0o077 != 0 && !keepsModes(path)
    }

    /// True where that cannot be tried, as on a read-only file system.
    private static func keepsModes(_ path: FilePath) throws(SystemError) -> Bool {
        let directory = try OpenDirectory(following: path)
        return (try? directory.keepsModes()) ?? true
    }

    /// Throws `RepositoryError.notPrivate` if anything directly in the directory is a symbolic link. Data
    /// written through a link would go elsewhere.
    package static func refuseLinks(in path: FilePath) throws {
        for name in try Directory.names(in: path) { try refuseLink(path.appending(name)) }
    }

    /// The same for the file at the path itself.
    static func refuseLink(_ path: FilePath) throws {
        let status = try FileStatus.unlessMissing(path, followingLinks: false)
        guard status?.kind != .symbolicLink else { throw link(path) }
    }

    private static func link(_ path: FilePath) -> RepositoryError {
        .notPrivate(
            path,
            "is a symbolic link: put what it leads to in its place, or run \(SuggestedCommand("repair"))"
        )
    }

    private static func owner(_ status: FileStatus) -> String {
        "belongs to user \(status.ownerID), not to user \(CurrentProcess.userID): run holdfast as its owner"
    }
}
