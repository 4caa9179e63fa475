internal import FoundationEssentials
import LinuxSystem
package import SystemPackage

extension RepositoryDirectory {
    /// The result of reading a file called `repository.json`.
    package enum Mark: Sendable {
        case isRepository
        /// It is empty, or a prefix of a repository's: a process may be writing it.
        case isUnfinished
        case isOther
    }

    /// Whether the directory of the file at `path` is a repository, of whatever version.
    package static func mark(at path: FilePath) -> Mark {
        guard let file = try? OpenFile(path, .protected) else { return .isOther }
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard let got = try? file.read(into: &bytes, count: bytes.count, at: 0) else { return .isOther }
        guard got > 0 else { return .isUnfinished }
        let content = bytes[..<got]
        if let mark = try? JSONDecoder().decode(MarkFile.self, from: Data(content)) {
            return mark.format == RepositoryFile.format ? .isRepository : .isOther
        }
        return content.first == UInt8(ascii: "{") && content.last != UInt8(ascii: "\n")
            ? .isUnfinished : .isOther
    }

    /// The repository that the path is, or is in; nil if there is none. The path must exist.
    package static func enclosing(_ path: FilePath) throws -> FilePath? {
        var place = try Directory.resolve(path)
        while place.lastComponent != nil {
            if mark(at: place.appending(fileName)) == .isRepository,
                FileStatus.directIfPresent(place.appending("roots"))?.kind == .directory
            {
                return place
            }
            place.removeLastComponent()
        }
        return nil
    }

    private struct MarkFile: Decodable {
        let format: String
    }
}
