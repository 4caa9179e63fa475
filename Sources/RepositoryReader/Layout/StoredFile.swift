package import LinuxSystem
package import SystemPackage

/// Opens files of a repository for reading.
///
/// Anyone who can write there may have given any name to anything. A link would lead elsewhere, a pipe would
/// block, and a directory has no bytes. So only a regular file is opened, and anything else is damage.
package enum StoredFile {
    /// Throws `DamageError` if it is not a regular file, and `SystemError`.
    package static func open(_ path: FilePath) throws -> OpenFile {
        do throws(SystemError) {
            return try OpenFile(path, .stored)
        } catch {
            guard error.isNoRegularFile else { throw error }
            throw DamageError(path, at: 0, kind(error))
        }
    }

    /// The kind of what has the name instead of a regular file.
    static func kind(_ error: SystemError) -> String {
        switch error.code {
        case .tooManySymbolicLinkLevels: "a symbolic link is in its place"
        case .isDirectory: "a directory is in its place"
        default: "it is no regular file"
        }
    }

    /// The size of the file; nil when there is none. A link is not followed.
    package static func sizeBytes(_ path: FilePath) throws(SystemError) -> UInt64? {
        let status = try FileStatus.unlessMissing(path, followingLinks: false)
        return status.map { $0.kind == .regular ? $0.sizeBytes : 0 }
    }
}
