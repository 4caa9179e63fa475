import CLinux
import Glibc
package import SystemPackage

/// Lists directories, and changes names so that the changes survive a power loss.
package enum Directory {
    /// The names in the directory at `path`, without `.` and `..`, in no order.
    package static func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        guard let stream = unsafe path.withPlatformString({ unsafe opendir($0) }) else {
            throw .last(.list, path)
        }
        return try unsafe names(of: stream, path)
    }

    /// Reads a stream of names to its end and closes it.
    static func names(of stream: OpaquePointer, _ path: FilePath) throws(SystemError) -> [FilePath.Component]
    {
        var names: [FilePath.Component] = []
        try unsafe readNames(of: stream, path) { (name, _) throws(SystemError) in names.append(name) }
        return names
    }

    /// The same, one name after the other, with the type of the file (`d_type`).
    static func readNames(
        of stream: OpaquePointer,
        _ path: FilePath,
        _ body: (FilePath.Component, UInt8) throws(SystemError) -> Void
    ) throws(SystemError) {
        defer { unsafe closedir(stream) }
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe FilePath.Component(platformString: $0)
                }
            }
            if let name, name.kind == .regular { try body(name, unsafe entry.pointee.d_type) }
            errno = 0
        }
        guard errno == 0 else { throw .last(.list, path) }
    }

    /// Makes the directory and those above it that are missing, mode 0700. One that exists is left as it is.
    package static func make(_ path: FilePath) throws(SystemError) {
        do {
            try makeOne(path)
        } catch {
            let parent = path.removingLastComponent()
            guard error.code == .noSuchFileOrDirectory, !parent.isEmpty, parent != path else { throw error }
            try make(parent)
            // Where no directory can be made, as in /proc, it is still missing.
            try makeOne(path)
        }
    }

    private static func makeOne(_ path: FilePath) throws(SystemError) {
        try Faults.check(.makeDirectory, path, .make)
        if unsafe path.withPlatformString({ unsafe mkdir($0, 0o700) }) == 0 {
            do {
                return try synchronise(path.removingLastComponent())
            } catch {
                // The next attempt makes it again.
                try? removeEmpty(path)
                throw error
            }
        }
        guard errno == EEXIST else { throw .last(.make, path) }
        guard try FileStatus.of(path).kind == .directory else {
            throw SystemError(.make, path, code: .notDirectory)
        }
    }

    /// Waits until the names in the directory are on the disk, as far as its file system can do that.
    package static func synchronise(_ path: FilePath) throws(SystemError) {
        let directory = try OpenFile(path.isEmpty ? "." : path, .read)
        try directory.synchroniseNames()
    }

    /// Gives the file at `source` the name `destination`. Replaces a file that has it (`rename(2)`).
    package static func rename(_ source: FilePath, to destination: FilePath) throws(SystemError) {
        try Faults.check(.rename, source, .rename)
        let result = unsafe source.withPlatformString { source in
            unsafe destination.withPlatformString { unsafe Glibc.rename(source, $0) }
        }
        guard result == 0 else { throw .last(.rename, source) }
    }

    /// The same for a file, but fails with EEXIST when the name is taken (`NewName`).
    package static func renameToNew(_ source: FilePath, to destination: FilePath) throws(SystemError) {
        try Faults.check(.rename, source, .rename)
        let isDone = unsafe source.withPlatformString { source in
            unsafe destination.withPlatformString { unsafe NewName.give(AT_FDCWD, source, AT_FDCWD, $0) }
        }
        guard isDone else { throw .last(.create, destination) }
    }

    /// Exchanges the names of two files or directories (`renameat2(2)`, RENAME_EXCHANGE). Where the file
    /// system cannot do that, there is nothing at `other` for a moment. A crash then leaves it with `.old`
    /// appended.
    package static func exchange(_ one: FilePath, _ other: FilePath) throws(SystemError) {
        try Faults.check(.rename, one, .rename)
        let result = unsafe one.withPlatformString { one in
            unsafe other.withPlatformString { unsafe linux_exchange(one, $0) }
        }
        if result == 0 { return }
        guard [EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else { throw .last(.rename, one) }
        let aside = other.appending(suffix: ".old")
        try rename(other, to: aside)
        try rename(one, to: other)
        try rename(aside, to: one)
    }

    /// Gives the file at `path` one more name, which must be free (`link(2)`, EEXIST). Fails with
    /// `SystemError.lacksLinks` where a file can have only one name.
    package static func addName(_ name: FilePath, to path: FilePath) throws(SystemError) {
        try Faults.check(.rename, path, .link)
        let linked = unsafe path.withPlatformString { path in
            unsafe name.withPlatformString { unsafe link(path, $0) }
        }
        guard linked == 0 else { throw .last(.create, name) }
    }

    package static func remove(_ path: FilePath) throws(SystemError) {
        try Faults.check(.remove, path, .remove)
        guard unsafe path.withPlatformString({ unsafe unlink($0) }) == 0 else { throw .last(.remove, path) }
    }

    /// Removes the directory, which must be empty.
    package static func removeEmpty(_ path: FilePath) throws(SystemError) {
        guard unsafe path.withPlatformString({ unsafe rmdir($0) }) == 0 else { throw .last(.remove, path) }
    }

    /// The absolute path with all symbolic links followed (`realpath(3)`).
    package static func resolve(_ path: FilePath) throws(SystemError) -> FilePath {
        guard let raw = unsafe path.withPlatformString({ unsafe realpath($0, nil) }) else {
            throw .last(.find, path)
        }
        defer { unsafe free(raw) }
        return unsafe FilePath(platformString: raw)
    }

    /// Makes it the working directory of this process, of all its threads, and of its later children.
    package static func enter(_ path: FilePath) throws(SystemError) {
        guard unsafe path.withPlatformString({ unsafe chdir($0) }) == 0 else { throw .last(.enter, path) }
    }

    /// The path from the file system's root. Only a relative one needs the working directory.
    package static func absolute(_ path: FilePath) throws(SystemError) -> FilePath {
        path.isAbsolute ? path : try current().pushing(path)
    }

    /// The process's working directory. ENOENT when it was removed.
    package static func current() throws(SystemError) -> FilePath {
        guard let raw = unsafe getcwd(nil, 0) else { throw .last(.findWorkingDirectory, nil) }
        defer { unsafe free(raw) }
        return unsafe FilePath(platformString: raw)
    }
}
