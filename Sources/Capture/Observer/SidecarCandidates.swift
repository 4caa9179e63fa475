import RepositoryFormat
import SystemPackage

/// Files with names as sidecars have them, by the file whose they may be, of which it is not known yet
/// whether it is a database.
struct SidecarCandidates {
    private var names: [FilePath: Set<FilePath>] = [:]

    enum Verdict {
        case sidecars
        case files
        case undecided
    }

    var owners: [FilePath] { Array(names.keys) }

    func hasAny(of owner: FilePath) -> Bool { names[owner] != nil }

    func contains(_ name: FilePath, of owner: FilePath) -> Bool { names[owner]?.contains(name) == true }

    mutating func insert(_ name: FilePath, of owner: FilePath) { names[owner, default: []].insert(name) }

    mutating func take(of owner: FilePath) -> Set<FilePath> { names.removeValue(forKey: owner) ?? [] }

    /// What files of such names are. Until the owner was processed they may be either.
    static func verdict(_ owner: Tracker) -> Verdict {
        if owner.kind == .database, owner.state.presence.isThere { return .sidecars }
        guard owner.state.ledger.capturedThrough != nil, owner.isAtRest,
            !owner.state.presence.obstacles.isLeftOut
        else { return .undecided }
        return .files
    }
}
