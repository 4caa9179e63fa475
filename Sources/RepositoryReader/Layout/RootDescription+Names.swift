package import LinuxSystem
import RepositoryFormat
package import SystemPackage

extension RootDescription {
    /// Names that a writer may give to bases, but that links, directories and the like have.
    package func namesOfNoBases() throws -> [FilePath] {
        try bases().filter { try $0.isNoRegularFile() }.sorted { $0.string < $1.string }
    }
}

extension RepositoryDirectory {
    /// Whether there are roots at the path, as in a repository.
    package static func hasRoots(_ path: FilePath) throws(SystemError) -> Bool {
        let roots = path.appending("roots")
        guard try FileStatus.unlessMissing(roots)?.kind == .directory else { return false }
        return try Directory.names(in: roots).contains { RootID($0.string) != nil }
    }
}

extension FilePath {
    /// Whether the name belongs to something else than a regular file.
    package func isNoRegularFile() throws(SystemError) -> Bool {
        let status = try FileStatus.unlessMissing(self, followingLinks: false)
        return status.map { $0.kind != .regular } ?? false
    }
}
