import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
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

extension Failure {
    init(_ damage: Finding) {
        self.init(.damaged, "\(DamageError(damage)): run \(SuggestedCommand("check"))")
    }

    static func noSuchFile(_ target: Target, _ index: SnapshotIndex) -> Failure {
        // Its name may be in what is damaged.
        if let damage = index.damage.first { return Failure(damage) }
        return Failure(
            .notFound,
            "no snapshot of \(target.path.printable) exists: see \(SuggestedCommand("log", target.root.path))"
        )
    }
}
