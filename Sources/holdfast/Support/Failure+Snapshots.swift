import History
import LinuxSystem
import RepositoryReader
import SystemPackage

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
