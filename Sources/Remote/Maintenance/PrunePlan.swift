import LinuxSystem
import RepositoryFormat

/// What prune may remove. A pure value.
///
/// The *horizon* is the newest index that is older than the grace. An object may be removed if and only if:
/// 1. Its name has a number. Of a batch or an index that is below the horizon's, of any other object it is at
///    most the horizon's.
/// 2. Neither the horizon nor the newest index names it.
/// 3. It is older than the grace.
///
/// Each number belongs to one batch, and objects have the number of the batch that may name them first. What
/// that batch does not name, no later one does. So what the horizon does not name is not needed again:
/// prune needs no order, and may be killed at any request (Tests/Models/prune.pml).
///
/// The batch of the horizon stays. A writer that takes over begins with the batch of the newest index.
struct PrunePlan {
    enum Kind: Hashable {
        case index, batch, data
    }

    private let root: RootID
    private let horizon: BatchNumber
    private let named: Set<ObjectName>
    private let oldest: Instant

    /// - Parameter states: of the horizon, and of the newest index.
    /// - Parameter oldest: everything that was written later stays.
    init(_ root: RootID, horizon: BatchNumber, keeping states: [RemoteState], writtenBefore oldest: Instant) {
        self.root = root
        self.horizon = horizon
        self.oldest = oldest
        named = states.reduce(into: []) { named, state in
            named.formUnion(state.dataObjects)
            named.formUnion(state.batches.map { ObjectNames.batch(root, $0) })
        }
    }

    /// Nil for an object that stays.
    func kind(of object: ListedObject) -> Kind? {
        guard object.written < oldest, !named.contains(object.name) else { return nil }
        if let id = ObjectNames.indexed(object.name, in: root) {
            return id.number < horizon ? .index : nil
        }
        if let id = ObjectNames.batch(object.name, in: root) { return id.number < horizon ? .batch : nil }
        return isBehind(object.name) ? .data : nil
    }

    /// Whether an object with content, or an upload of it, has a number that no batch will name any more.
    func isBehind(_ name: ObjectName) -> Bool {
        ObjectNames.dataNumber(name, in: root).map { $0 <= horizon && !named.contains(name) } ?? false
    }
}
