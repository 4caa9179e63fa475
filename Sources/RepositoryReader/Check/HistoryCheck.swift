package import LinuxSystem
package import RepositoryFormat
import SystemPackage

/// The first pass of a check: every record of the stream, and the bases that snapshots need.
package struct HistoryCheck {
    struct Base {
        let file: FileID
        let path: FilePath
        let reference: BaseReference
    }

    private(set) var bases: [Base] = []
    private(set) var snapshots: UInt64 = 0
    private(set) var bytesRead: UInt64 = 0
    /// The size of the largest image of each file with a snapshot, in bytes.
    package private(set) var largestImages: [FileID: UInt64] = [:]
    private(set) var end: StreamEnd?

    /// `progress` counts the bytes of the segments.
    package init(
        _ root: RootDescription,
        progress: WorkProgress? = nil,
        _ report: (Finding) throws -> Void
    ) throws {
        var tracker = HistoryTracker()
        if let progress {
            progress.begin("reading", totalBytes: try RootHistory(root).segmentBytes())
        }
        end = try StreamReader(root: root, synchronising: true, progress: progress).run(
            onFinding: { finding in
                tracker.lost(finding)
                try report(finding)
            },
            onRecord: { type, header, payload, place in
                try tracker.consume(type, header, payload, place) { event in
                    switch event {
                    case .finding(let finding): try report(finding)
                    case .snapshot(let record):
                        snapshots += 1
                        let size = record.state.shape.byteCount
                        largestImages[record.file] = max(largestImages[record.file] ?? 0, size)
                        if let finding = Self.contradiction(in: record, place) { try report(finding) }
                    default: break
                    }
                }
                if let base = tracker.endedBase {
                    let path = root.basePath(base.sequence, header.file)
                    bases.append(Base(file: header.file, path: path, reference: base.reference))
                }
                return true
            }
        )
        bytesRead = try RootHistory(root).segmentBytes()
    }

    /// A contradiction that shows without the snapshot's pages.
    private static func contradiction(in record: SnapshotRecord, _ place: RecordPlace) -> Finding? {
        let state = record.state
        if state.shape.byteCount == 0 && state.digest != 0 {
            return Finding(place.damage("snapshot \(state.sequence) is empty but has a digest"))
        }
        if state.event == .deleted && state.shape.byteCount != 0 {
            return Finding(place.damage("snapshot \(state.sequence) is deleted but has an image"))
        }
        return nil
    }
}
