import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// What was in the log when a comparison began.
extension Tracker {
    /// Begins with what was in the log before the comparison.
    func overlayLog(_ scan: FileScan) throws {
        scan.merged = merged
        guard let log else { return }
        pending.log = true
        try take(scan, log) { covered in
            try log.overlay(&covered, &context.scratch, hasRoom: overlayHasRoom) { pages, databasePages in
                emit(fromLog: pages, databasePages, scan)
            }
        }
    }

    private func overlayHasRoom() -> Bool { context.queue.hasRoomForScan }

    /// Goes on with the log's pages for which there was no room.
    func collectFromLog(_ scan: FileScan, _ log: WALTail) throws {
        try take(scan, log) { covered in
            try log.collect(&covered, &context.scratch, hasRoom: overlayHasRoom) { pages, databasePages in
                emit(fromLog: pages, databasePages, scan)
            }
        }
    }

    /// The log's last commit decides how long the image is, not the file.
    private func emit(fromLog pages: PageSet, _ databasePages: PageCount, _ scan: FileScan) {
        guard let shape = try? shapeFromLog(scan.pageSize, databasePages) else { return }
        scan.learn(fromOverlay: shape)
        emit(pages, scan)
    }

    private func take(
        _ scan: FileScan,
        _ log: WALTail,
        _ overlay: (inout PageBitmap) throws -> WALTail.Overlay
    ) throws {
        let result = try scan.cover(overlay)
        if !scan.hasCountedLog, log.beginning == nil {
            scan.hasCountedLog = true
            countMerged(log, scan)
        }
        switch result {
        case .empty, .unfinished: break
        case .commits(let databasePages):
            scan.learn(fromOverlay: try shapeFromLog(scan.pageSize, databasePages))
        case .moved: restartScan(.now)
        }
    }

    /// What the log held when the comparison began is a part of the snapshot that ends it.
    private func countMerged(_ log: WALTail, _ scan: FileScan) {
        guard isBorn, scan.isFreshStart || scan.purpose == .base else { return }
        if let count = log.overlaidCommits { scan.merged.add(count) } else { scan.merged.addUnknown() }
    }
}
