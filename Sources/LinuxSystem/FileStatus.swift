import Glibc
package import SystemPackage

/// The status of a file (`stat(2)`), as far as capture needs it.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case regular, directory, symbolicLink, pipe, socket, device }

    package let kind: Kind
    /// Device and inode: the file itself, whatever its name.
    package let identity: FileIdentity
    package let sizeBytes: UInt64
    /// The space that the content takes on the disk: less than its size if it has holes.
    package let allocatedBytes: UInt64
    /// Last change of the content, in nanoseconds since 1970.
    package let modified: Int64
    /// Last change of content or metadata, in nanoseconds since 1970.
    package let changed: Int64
    /// Names that the file still has; 0 after its last unlink.
    package let linkCount: Int
    package let ownerID: UInt32
    package let groupID: UInt32
    /// Permission bits (`07777`).
    package let permissions: UInt32

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .device
            }
        identity = FileIdentity(device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino))
        sizeBytes = UInt64(max(0, raw.st_size))
        // A file system in a user's control (FUSE) may return any number.
        allocatedBytes = UInt64(max(0, raw.st_blocks)).multipliedSaturated(by: 512)
        modified = Instant(raw.st_mtim).nanoseconds
        changed = Instant(raw.st_ctim).nanoseconds
        linkCount = Int(raw.st_nlink)
        ownerID = raw.st_uid
        groupID = raw.st_gid
        permissions = raw.st_mode & 0o7777
    }

    /// The status of an open file (`fstat(2)`).
    init(ofOpen descriptor: Int32, _ path: FilePath) throws(SystemError) {
        var raw = stat()
        guard unsafe fstat(descriptor, &raw) == 0 else { throw .last(.inspect, path) }
        self.init(raw)
    }

    /// The status of the file at `path`. Symbolic links are followed unless `followingLinks` is false.
    package static func of(_ path: FilePath, followingLinks: Bool = true) throws(SystemError) -> FileStatus {
        var raw = stat()
        let result = unsafe path.withPlatformString {
            followingLinks ? unsafe stat($0, &raw) : unsafe lstat($0, &raw)
        }
        guard result == 0 else { throw .last(.inspect, path) }
        return FileStatus(raw)
    }

    /// The status of the file at `path`, or nil when there is none. Throws when that cannot be determined.
    package static func unlessMissing(
        _ path: FilePath,
        followingLinks: Bool = true
    ) throws(SystemError) -> FileStatus? {
        try SystemError.unlessMissing { () throws(SystemError) in
            try of(path, followingLinks: followingLinks)
        }
    }

    /// The status of the file at `path`, or nil when there is none or it cannot be reached.
    package static func ifPresent(_ path: FilePath) -> FileStatus? { try? of(path) }
}

extension FileStatus.Kind {
    /// As a directory says it (`readdir(3)`, `d_type`); nil where it does not.
    init?(entryType: UInt8) {
        switch Int(entryType) {
        case DT_REG: self = .regular
        case DT_DIR: self = .directory
        case DT_LNK: self = .symbolicLink
        case DT_FIFO: self = .pipe
        case DT_SOCK: self = .socket
        case DT_CHR, DT_BLK: self = .device
        default: return nil
        }
    }
}

/// A file, whatever its name: device and inode number.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
}
