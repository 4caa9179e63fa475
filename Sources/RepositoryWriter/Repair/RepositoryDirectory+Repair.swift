package import LinuxSystem
import RepositoryReader
package import SystemPackage

/// `repository.json` can be written anew. Of its fields, only the id is not known to every program, and it
/// only distinguishes repositories. The requirements of each segment are in the segment's header.
extension RepositoryDirectory {
    /// Writes `repository.json` anew if it cannot be used, and quarantines the previous file. Returns whether
    /// it did. Throws `RepositoryError.unsupported` if a newer program wrote it, or `SystemError`.
    package static func mendFile(
        at path: FilePath,
        isDryRun: Bool = false,
        now: Instant = .now
    ) throws -> Bool {
        let path = try absolute(path)
        let file = path.appending(fileName)
        guard try hasRoots(path), try isDamaged(file) else { return false }
        guard !isDryRun else { return true }
        if try FileStatus.unlessMissing(file, followingLinks: false) != nil {
            try QuarantineDirectory(in: path, now: now).take(file)
        }
        _ = try RepositoryDirectory.openOrCreate(at: path)
        return true
    }

    private static func isDamaged(_ file: FilePath) throws -> Bool {
        do {
            let found = try SmallFile.read(file, as: VersionFile.self)
            guard found.version == RepositoryFile.version else {
                throw RepositoryError.unsupported(file, what: "version \(found.version)")
            }
            return try SmallFile.read(file, as: RepositoryFile.self).format != RepositoryFile.format
        } catch RepositoryError.malformed {
            return true
        } catch let error as SystemError where error.isMissing {
            return true
        }
    }

    private struct VersionFile: Decodable {
        let version: Int
    }
}
