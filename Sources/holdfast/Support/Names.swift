import LinuxFiles
import Repository
import SystemPackage

// What values are called on the command line.

extension FileKind {
    var name: String {
        switch self {
        case .database: "database"
        case .plain: "file"
        }
    }
}

extension SnapshotEvent {
    var name: String {
        switch self {
        case .baseline: "baseline"
        case .commit: "commit"
        case .scan: "scan"
        case .created: "created"
        case .replaced: "replaced"
        case .deleted: "deleted"
        }
    }
}

extension Failure {
    static func noSuchFile(_ target: Target) -> Failure {
        Failure(
            .notFound,
            "no snapshot of \(target.path.printable) exists: see holdfast log \(target.root.path.printable)"
        )
    }
}
