package import SystemPackage

extension Directory {
    /// Removes what is at `path`, a file or a directory with all that is in it. Symbolic links are removed, not
    /// followed. Nothing there is no error.
    package static func removeTree(_ path: FilePath) throws(SystemError) {
        let kind: FileStatus.Kind
        do {
            kind = try FileStatus.of(path, followingLinks: false).kind
        } catch {
            if error.isMissing { return }
            throw error
        }
        guard kind == .directory else { return try remove(path) }
        for name in try names(in: path) {
            try removeTree(path.appending(name))
        }
        try removeEmpty(path)
    }
}
