import LinuxSystem
package import SystemPackage

/// Directories that nobody else could have put something into.
package enum PrivateDirectory {
    /// Throws `RepositoryError.notPrivate` unless only this user, and root, can have changed what is in the
    /// directory, or the file system keeps no modes: nobody could mend that, and the user has chosen the
    /// place. Root may read anybody's. A name that is a symbolic link is followed only where the user gave
    /// it.
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

    /// The same for one who will write there: root may not either, for what it makes would be closed to the
    /// owner.
    package static func requireWritable(_ path: FilePath) throws {
        try requireReadable(path)
        let status = try FileStatus.of(path, followingLinks: false)
        guard status.ownerID == CurrentProcess.userID else {
            throw RepositoryError.notPrivate(path, owner(status))
        }
    }

    /// Whether others may look into the directory, or more, because its file system keeps no modes.
    static func isOpenedByMount(_ path: FilePath) throws -> Bool {
        try FileStatus.of(path).permissions & 0o077 != 0 && !keepsModes(path)
    }

    /// Where that cannot be tried, as on what is read-only, modes are what they seem.
    private static func keepsModes(_ path: FilePath) throws(SystemError) -> Bool {
        let directory = try OpenDirectory(following: path)
        return (try? directory.keepsModes()) ?? true
    }

    /// Throws `RepositoryError.notPrivate` if anything directly in the directory is a symbolic link: what is
    /// written through one would land elsewhere.
    package static func refuseLinks(in path: FilePath) throws {
        for name in try Directory.names(in: path) { try refuseLink(path.appending(name)) }
    }

    /// The same if this very thing is one.
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
