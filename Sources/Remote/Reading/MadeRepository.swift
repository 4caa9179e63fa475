import LinuxSystem
import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// A repository that is made for what a remote has.
package enum MadeRepository {
    /// Opens the repository at `path`, or makes an empty one with the id that the remote's has.
    ///
    /// Throws `RemoteError.otherWriter` if there is one with another id, and what opening throws.
    package static func openOrMake(at path: FilePath, id: String) throws -> RepositoryDirectory {
        let file = path.appending(RepositoryDirectory.fileName)
        if try FileStatus.unlessMissing(file) == nil {
            try Directory.make(path.appending("roots"))
            try Directory.replaceFile(
                at: file,
                with: SmallFile.encoded(RepositoryFile(id: id, created: .now))
            )
        }
        let repository = try RepositoryDirectory(at: path)
        guard repository.id == id else {
            throw RemoteError(
                .otherWriter,
                "\(path.printable) is another repository than the remote's: name a new directory with --repo"
            )
        }
        return repository
    }
}
