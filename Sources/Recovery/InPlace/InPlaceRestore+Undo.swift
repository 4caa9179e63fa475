import History
import RepositoryFormat
import SystemPackage

extension InPlaceRestore {
    /// When only rows were restored, what others committed in the same snapshot must not go with them:
    /// between the snapshot before and that one there must be no other difference than the entry says. Throws
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
                        // A row that two foreign keys led to was counted for each.
                        $0.table.isSameName(as: change.table) && change.removed == $0.lost
                            && change.added == $0.regained
                            && change.changed <= $0.changed
                    }
                }
            guard isExpected else {
                throw InPlaceError.writtenSince(
                    item.path,
                    entry.result,
                    before: before,
                    last: entry.result
                )
            }
        }
    }
}
