package import LinuxSystem
import RepositoryReader
package import SystemPackage

/// What `repository.json` says but the id, which only tells repositories apart, every program knows by
/// itself. So it can be written anew; what each segment needs to be read stands in its header.
extension RepositoryDirectory {
    /// Writes `repository.json` anew where it cannot be used; what was there is set aside. Returns
    /// whether it was so. Throws `RepositoryError.unsupported` where a newer program wrote it, or
    /// `SystemError`.
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
            try SetAsidePlace(in: path, now: now).take(file)
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
