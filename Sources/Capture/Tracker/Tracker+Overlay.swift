import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// What was in the log when a comparison began.
extension Tracker {
    /// Begins with what was in the log before the comparison.
    func overlayLog(_ walk: Walk) throws {
        walk.merged = merged
        guard let log else { return }
        attention.log = true
        try take(walk, log) { covered in
            try log.overlay(&covered, &context.scratch, hasRoom: overlayHasRoom) { pages, databasePages in
                emit(fromLog: pages, databasePages, walk)
            }
        }
    }

    private func overlayHasRoom() -> Bool { context.queue.hasRoomForWalk }

    /// Goes on with the log's pages for which there was no room.
    func collectFromLog(_ walk: Walk, _ log: WALTail) throws {
        try take(walk, log) { covered in
            try log.collect(&covered, &context.scratch, hasRoom: overlayHasRoom) { pages, databasePages in
                emit(fromLog: pages, databasePages, walk)
            }
        }
    }

    /// The log's last commit decides how long the image is, not the file.
    private func emit(fromLog pages: PageSet, _ databasePages: PageCount, _ walk: Walk) {
        guard let shape = try? shapeFromLog(walk.pageSize, databasePages) else { return }
        walk.learn(fromOverlay: shape)
        emit(pages, walk)
    }

    private func take(
        _ walk: Walk,
        _ log: WALTail,
        _ overlay: (inout PageBitmap) throws -> WALTail.Overlay
    ) throws {
        let result = try walk.cover(overlay)
        if !walk.hasCountedLog, log.beginning == nil {
            walk.hasCountedLog = true
            countMerged(log, walk)
        }
        switch result {
        case .empty, .unfinished: break
        case .commits(let databasePages):
            walk.learn(fromOverlay: try shapeFromLog(walk.pageSize, databasePages))
        case .moved: restartWalk(.now)
        }
    }

    /// What the log held when the comparison began is a part of the snapshot that ends it.
    private func countMerged(_ log: WALTail, _ walk: Walk) {
        guard isBorn, walk.isFreshStart || walk.purpose == .base else { return }
        if let count = log.overlaidCommits { walk.merged.add(count) } else { walk.merged.addUnknown() }
    }
}
