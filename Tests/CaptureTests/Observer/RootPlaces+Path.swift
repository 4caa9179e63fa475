import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

@testable import Capture

extension RootPlaces {
    /// Of a root at that path.
    init(at path: String, _ kind: RootKind = .directory, _ meter: StatusMeter = StatusMeter { _ in }) throws {
        let root = RootDescription(
            id: RootID(1),
            path: FilePath(path),
            kind: kind,
            created: .now,
            directory: "/repository"
        )
        try self.init(root, meter)
    }

    /// Which directory is in the place of the root, or of that name in it.
    func identity(of name: FilePath = "") throws -> FileIdentity {
        try FileStatus.direct(path(of: name)).identity
    }
}
