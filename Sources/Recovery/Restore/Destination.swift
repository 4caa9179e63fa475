import LinuxFiles
import Repository
import SystemPackage

/// Rules about the place where restored things go.
enum Destination {
    /// What a database may leave beside itself, and SQLite would apply to another file of that name.
    static let sidecarSuffixes = ["-wal", "-journal", "-shm"]

    /// The place that a file really gets: an existing symbolic link is followed, and stays a link.
    ///
    /// Refused are an existing file unless it `isReplaceable`, and anything there that is no regular file.
    static func file(
        _ path: FilePath,
        isReplaceable: Bool,
        name: FilePath.Component?
    ) throws -> FilePath {
        let kind: FileStatus.Kind
        do {
            kind = try FileStatus.of(path, followingLinks: false).kind
        } catch {
            if error.code == .noSuchFileOrDirectory { return path }
            throw error
        }
        if FileStatus.ifPresent(path)?.kind == .directory { throw RestoreError.isDirectory(path, name: name) }
        guard isReplaceable else { throw RestoreError.exists(path) }
        guard FileStatus.ifPresent(path)?.kind == .regular else { throw RestoreError.isSpecial(path) }
        return kind == .symbolicLink ? try Directory.resolve(path) : path
    }

    /// Throws unless `path` is free for a database: nothing may lie beside it that SQLite would apply to it.
    static func refuseSidecars(of path: FilePath) throws {
        for suffix in sidecarSuffixes {
            guard let sidecar = FilePath(bytes: path.bytes + suffix.utf8) else { continue }
            if (try? FileStatus.of(sidecar, followingLinks: false)) != nil {
                throw RestoreError.sidecar(sidecar, of: path)
            }
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

    /// Makes a directory as if the owner of the one above it had made it: who may enter that one may enter this one.
    static func makeDirectory(_ path: FilePath) throws {
        let parent = try FileStatus.of(path.removingLastComponent()).ownership
        try Directory.make(path)
        try OpenFile(path, .read).setOwnership(
            FileOwnership(
                userID: parent.userID,
                groupID: parent.groupID,
                permissions: 0o700 | (parent.permissions & 0o077)
            )
        )
    }

    /// Makes the directories that `path` lacks below `top`. One that is a symbolic link is refused: it may lead
    /// anywhere.
    static func makeDirectories(for path: FilePath, below top: FilePath) throws {
        var directory = top
        for component in path.removingLastComponent().components.dropFirst(top.components.count) {
            directory.append(component)
            switch try? FileStatus.of(directory, followingLinks: false).kind {
            case .directory: continue
            case nil: try makeDirectory(directory)
            default: throw RestoreError.isNotDirectory(directory)
            }
        }
    }
}
