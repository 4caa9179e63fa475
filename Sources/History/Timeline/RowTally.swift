/// How many rows of a table snapshots added and removed.
package struct RowTally: Hashable, Sendable {
    package private(set) var added: Int
    package private(set) var removed: Int

    package init(added: Int = 0, removed: Int = 0) {
        (self.added, self.removed) = (added, removed)
    }

    package static func += (left: inout RowTally, right: RowTally) {
        left.added += right.added
        left.removed += right.removed
    }
}
