import History
import RepositoryFormat
import SystemPackage

extension InPlaceRestore {
    /// When only rows were restored, changes of others in the same snapshot must not be lost. So the
    /// difference between the snapshot before and that one must be exactly the entry's. Throws
    /// `InPlaceError.writtenSince`.
    func refuseIfOthersWroteMeanwhile(_ images: InPlaceImages) throws {
        guard let entry = plan.undone, entry.action == .rows else { return }
        for item in plan.items {
            let before = entry.before[item.file] ?? .none
            let changes = try images.differences(item, from: before, to: entry.result)
            let isExpected =
                changes.schema.isEmpty
                && changes.tables.allSatisfy { change in
                    entry.tables.contains {
                        // A row with two foreign keys to restored rows was counted for each.
                        $0.table.isSameName(as: change.table) && change.removed == $0.lost
                            && change.added == $0.regained
                            && change.changed <= $0.changed
                    }
                }
            guard isExpected else {
                throw InPlaceError.writtenSince(item.path, entry.result, before: before, last: entry.result)
            }
        }
    }

    /// The same for what was captured since the plan was made. Called when the present state was captured,
    /// which is replaced only if nobody writes any more. Throws `InPlaceError.writtenSince`.
    func refuseIfOthersWrote() throws {
        guard let entry = plan.undone, entry.action == .rows else { return }
        try InPlacePlan.refuseIfOthersWrote(since: entry, SnapshotIndex(plan.root))
    }
}
