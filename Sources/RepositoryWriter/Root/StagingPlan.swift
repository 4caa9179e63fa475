import RepositoryFormat
import RepositoryReader
import SQLiteFiles

/// What changes make of a file's image, as far as it is known before their pages are compared. Pure.
struct StagingPlan {
    /// The image's size afterwards.
    let shape: ImageSize
    /// The image's size before; nil when it starts fresh.
    let before: ImageSize?
    /// Whether the changes end a snapshot. Otherwise they add to an unfinished one.
    let closes: Bool
    /// The file is deleted that is not there.
    let isVain: Bool
    /// The file appears or disappears.
    private let changesPresence: Bool
    /// Whether the size is another one.
    private let isResized: Bool

    /// `current`: the image's size; nil when it is not known.
    init(
        _ changes: borrowing Changes,
        current: ImageSize?,
        isPresent: Bool,
        isUnfinished: Bool
    ) throws(RepositoryError) {
        let isDeletion = Self.isDeletion(changes)
        shape = Self.shape(of: changes)
        isVain = isDeletion && !isPresent && !isUnfinished
        let former = changes.startsFresh || isDeletion ? nil : current
        if let former, former.pageSize != shape.pageSize, former.byteCount > 0 {
            throw RepositoryError.misuse("another page size without a fresh start")
        }
        // An empty image has no page size to keep.
        before = former?.pageSize == shape.pageSize ? former : nil
        closes =
            changes.isFinal
            && (!isUnfinished || changes.closesUnfinished || changes.startsFresh || isDeletion)
        changesPresence = changes.isFinal && isPresent == isDeletion
        isResized = shape != current
    }

    /// The image's size after the changes: a deleted file has an empty image.
    static func shape(of changes: borrowing Changes) -> ImageSize {
        isDeletion(changes) ? ImageSize.empty(changes.shape.pageSize) : changes.shape
    }

    private static func isDeletion(_ changes: borrowing Changes) -> Bool {
        changes.event == .deleted && changes.isFinal
    }

    var startsFresh: Bool { before == nil }

    /// Whether an entry is staged. `hasChanges`: any page differs. `hasOpenParts`: the stream has parts of
    /// the snapshot already.
    func needsEntry(hasChanges: Bool, hasOpenParts: Bool) -> Bool {
        startsFresh || hasChanges || isResized || (closes && (hasOpenParts || changesPresence))
    }
}
