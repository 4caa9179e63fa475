import Glibc
package import SystemPackage

/// A name in a directory that is held. All that is done to it is done there, whatever is put in the place of
/// the directory meanwhile; and to what has the name itself: a symbolic link is not followed.
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
    /// followed. nil if it has no last component, or that is `..`: what there is of these is a directory.
    package init?(following path: FilePath) throws(SystemError) {
        guard let name = path.lastComponent, name.kind == .regular else { return nil }
        self.init(name, in: try OpenDirectory(following: path.removingLastComponent()))
    }

    /// For messages: the directory may be called otherwise by now.
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
        guard result == 0 else { throw .last(.lookAt, path) }
        return FileStatus(raw)
    }

    /// Throws unless this process may write to it (`faccessat(2)`). It is no symbolic link.
    package func requireWritable() throws(SystemError) {
        let result = unsafe name.withPlatformString {
            unsafe faccessat(directory.descriptor, $0, W_OK, AT_EACCESS)
        }
        guard result == 0 else { throw .last(.writeTo, path) }
    }

    /// The same; nil when there is nothing. Throws when that cannot be told.
    package func statusUnlessMissing() throws(SystemError) -> FileStatus? {
        do {
            return try status()
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Makes a directory, mode 0700 (`mkdirat(2)`, EEXIST).
    package func makeDirectory() throws(SystemError) {
        try fail(.makeDirectory, .make)
        let result = unsafe name.withPlatformString { unsafe mkdirat(directory.descriptor, $0, 0o700) }
        guard result == 0 else { throw .last(.make, path) }
    }

    /// Gives what has this name another one, replacing what has that (`renameat(2)`).
    package func rename(to new: DirectoryEntry) throws(SystemError) {
        try fail(.rename, .rename)
        let result = unsafe name.withPlatformString { old in
            unsafe new.name.withPlatformString {
                unsafe renameat(directory.descriptor, old, new.directory.descriptor, $0)
            }
        }
        guard result == 0 else { throw .last(.rename, path) }
    }

    /// The same for a file, but fails with EEXIST when the name is taken (`NewName`).
    package func renameToNew(_ new: DirectoryEntry) throws(SystemError) {
        try fail(.rename, .rename)
        let isDone = unsafe name.withPlatformString { old in
            unsafe new.name.withPlatformString {
                unsafe NewName.give(directory.descriptor, old, new.directory.descriptor, $0)
            }
        }
        guard isDone else { throw .last(.create, new.path) }
    }

    /// Becomes one more name of a file; must be free (`linkat(2)`, EEXIST). `SystemError.lacksLinks` where
    /// files have one name only.
    package func addName(to file: DirectoryEntry) throws(SystemError) {
        try file.fail(.rename, .link)
        let result = unsafe file.name.withPlatformString { old in
            unsafe name.withPlatformString {
                unsafe linkat(file.directory.descriptor, old, directory.descriptor, $0, 0)
            }
        }
        guard result == 0 else { throw .last(.create, path) }
    }

    /// Removes what has the name and is no directory (`unlinkat(2)`).
    package func remove() throws(SystemError) {
        try fail(.remove, .remove)
        try unlink(0)
    }

    /// Removes the directory that has the name, which must be empty (`unlinkat(2)`).
    package func removeEmptyDirectory() throws(SystemError) {
        try unlink(AT_REMOVEDIR)
    }

    /// Removes what has the name, a file or a directory with all that is in it. Nothing there is no error.
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

    /// Where a test can make the call fail.
    private func fail(_ point: FaultPoint, _ operation: SystemError.Operation) throws(SystemError) {
        guard case .fails(let code) = Faults.at(point, path) else { return }
        throw SystemError(operation, path, code: Errno(rawValue: code))
    }
}

extension OpenDirectory {
    /// Removes all that is in it. Symbolic links are removed, not followed.
    package func removeContent() throws(SystemError) {
        for name in try names() { try DirectoryEntry(name, in: self).removeTree() }
    }
}

extension Directory {
    /// Removes what is at `path`, a file or a directory with all that is in it. Symbolic links before its
    /// last component are followed, no others. Nothing there is no error.
    package static func removeTree(_ path: FilePath) throws(SystemError) {
        let entry: DirectoryEntry?
        do {
            entry = try DirectoryEntry(following: path)
        } catch {
            if error.isMissing { return }
            throw error
        }
        try entry?.removeTree()
    }
}
