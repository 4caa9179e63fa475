import Glibc
package import SystemPackage

/// A name in an open directory. Every operation acts in that directory, even if another one has its path
/// meanwhile. It acts on the file that has the name itself: a symbolic link is not followed.
package struct DirectoryEntry: Sendable {
    package let name: FilePath.Component
    package let directory: OpenDirectory

    /// - Parameter name: neither `.` nor `..`, which would lead elsewhere.
    package init(_ name: FilePath.Component, in directory: OpenDirectory) {
        precondition(name.kind == .regular)
        self.name = name
        self.directory = directory
    }

    /// For a path of our own, or one that the user named: symbolic links before its last component are
    /// followed. Returns nil if there is no last component, or if it is `..`. Such a path is a directory.
    package init?(following path: FilePath) throws(SystemError) {
        guard let name = path.lastComponent, name.kind == .regular else { return nil }
        self.init(name, in: try OpenDirectory(following: path.removingLastComponent()))
    }

    /// For messages: the directory may have another path by now.
    package var path: FilePath { directory.path.appending(name) }

    /// The name with ASCII text behind it, in the same directory.
    package func appending(suffix: String) -> DirectoryEntry {
        let name = FilePath(root: nil, components: name).appending(suffix: suffix).lastComponent
        return DirectoryEntry(name ?? self.name, in: directory)
    }

    package func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        let result = unsafe name.withPlatformString {
            unsafe fstatat(directory.descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW)
        }
        guard result == 0 else { throw .last(.inspect, path) }
        return FileStatus(raw)
    }

    /// Throws unless this process may write to it (`faccessat(2)`). It must not be a symbolic link, which
    /// would be followed.
    package func requireWritable() throws(SystemError) {
        let result = unsafe name.withPlatformString {
            unsafe faccessat(directory.descriptor, $0, W_OK, AT_EACCESS)
        }
        guard result == 0 else { throw .last(.writeTo, path) }
    }

    /// The same; nil when the file does not exist. Throws when that cannot be determined.
    package func statusUnlessMissing() throws(SystemError) -> FileStatus? {
        try SystemError.unlessMissing { () throws(SystemError) in try status() }
    }

    /// Makes a directory, mode 0700 (`mkdirat(2)`, EEXIST).
    package func makeDirectory() throws(SystemError) {
        try Faults.check(.makeDirectory, path, .make)
        let result = unsafe name.withPlatformString { unsafe mkdirat(directory.descriptor, $0, 0o700) }
        guard result == 0 else { throw .last(.make, path) }
    }

    /// Renames the file, replacing one that has the new name (`renameat(2)`).
    package func rename(to new: DirectoryEntry) throws(SystemError) {
        try Faults.check(.rename, path, .rename)
        let result = unsafe name.withPlatformString { old in
            unsafe new.name.withPlatformString {
                unsafe renameat(directory.descriptor, old, new.directory.descriptor, $0)
            }
        }
        guard result == 0 else { throw .last(.rename, path) }
    }

    /// The same for a file, but fails with EEXIST when the name is taken (`NewName`).
    package func renameToNew(_ new: DirectoryEntry) throws(SystemError) {
        try Faults.check(.rename, path, .rename)
        let isDone = unsafe name.withPlatformString { old in
            unsafe new.name.withPlatformString {
                unsafe NewName.give(directory.descriptor, old, new.directory.descriptor, $0)
            }
        }
        guard isDone else { throw .last(.create, new.path) }
    }

    /// Gives a file this name as well. The name must be free (`linkat(2)`, EEXIST). Fails with
    /// `SystemError.lacksLinks` where a file can have only one name.
    package func addName(to file: DirectoryEntry) throws(SystemError) {
        try Faults.check(.rename, file.path, .link)
        let result = unsafe file.name.withPlatformString { old in
            unsafe name.withPlatformString {
                unsafe linkat(file.directory.descriptor, old, directory.descriptor, $0, 0)
            }
        }
        guard result == 0 else { throw .last(.create, path) }
    }

    /// Removes the file, which must not be a directory (`unlinkat(2)`).
    package func remove() throws(SystemError) {
        try Faults.check(.remove, path, .remove)
        try unlink(0)
    }

    /// Removes the directory, which must be empty (`unlinkat(2)`).
    package func removeEmptyDirectory() throws(SystemError) {
        try unlink(AT_REMOVEDIR)
    }

    /// Removes the file, or the directory with its content. A missing file is not an error.
    package func removeTree() throws(SystemError) {
        guard let kind = try statusUnlessMissing()?.kind else { return }
        guard kind == .directory else { return try remove() }
        try OpenDirectory(self).removeContent()
        try removeEmptyDirectory()
    }

    private func unlink(_ flags: Int32) throws(SystemError) {
        let result = unsafe name.withPlatformString { unsafe unlinkat(directory.descriptor, $0, flags) }
        guard result == 0 else { throw .last(.remove, path) }
    }
}

extension OpenDirectory {
    /// Removes the directory's content. Symbolic links are removed, not followed.
    package func removeContent() throws(SystemError) {
        for name in try names() { try DirectoryEntry(name, in: self).removeTree() }
    }
}

extension Directory {
    /// Removes the file at `path`, or the directory with its content. Symbolic links before the last
    /// component are followed, no others. A missing file is not an error.
    package static func removeTree(_ path: FilePath) throws(SystemError) {
        let entry = try SystemError.unlessMissing { () throws(SystemError) in
            try DirectoryEntry(following: path)
        }
        try entry??.removeTree()
    }
}
