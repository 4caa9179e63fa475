import LinuxSystem
import Recovery
import RepositoryFormat

// What values are called on the command line.

extension FileKind {
    var name: String { self == .database ? "database" : "file" }
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

extension Integrity {
    var name: String {
        switch self {
        case .ok: "ok"
        case .notApplicable: "not applicable"
        case .unchecked: "unchecked"
        case .problems: "failed"
        }
    }
}
