package import SystemPackage

/// The file system of a path: how it is mounted, and what room is left on it.
package struct FileSystemFacts: Sendable {
    /// As `ext4`; nil where the kernel does not tell.
    package let type: String?
    /// Of the mount, as `rw,relatime`.
    package let options: String?
    package let space: FileSystemSpace

    /// Symbolic links are followed. Throws when there is no such file, or when it cannot be asked.
    package init(at path: FilePath) throws(SystemError) {
        let path = try Directory.resolve(path)
        space = try FileSystemSpace(at: path)
        let number = Mount(at: path)?.number
        let line = MountTable.lines.first { $0.number == number }
        (type, options) = (line?.type, line?.options)
    }
}
