import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles
package import SystemPackage

/// Applies the snapshots of a file to one image, one after the other, in one pass over the stream. The image
/// is written only when the caller asks for it.
package struct HistoryReplay {
    /// A snapshot that the image has reached.
    package struct Step {
        package let state: SnapshotState
        /// The pages that may have changed since the step before; nil for all.
        package let pages: PageBitmap?
        /// Writes the image's file as of this snapshot.
        package let writeImage: () throws -> Void
    }

    private let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Calls `body` for each snapshot of the file, oldest first. `image` must not exist yet; afterwards it
    /// belongs to the caller.
    ///
    /// Throws `DamageError`, `RepositoryError.noSnapshot`, `SystemError`, and what `body` throws.
    package func run(_ file: FileID, image: FilePath, _ body: (Step) throws -> Void) throws {
        var last = SequenceNumber.none
        _ = try OpenFile(image, .createNew)
        try ReplacedSegmentError.retrying {
            try OpenFile(image, .update).truncate(to: 0)
            try runOnce(file, image: image, after: &last, body)
        }
    }

    private func runOnce(
        _ file: FileID,
        image: FilePath,
        after last: inout SequenceNumber,
        _ body: (Step) throws -> Void
    ) throws {
        let states = try snapshots(of: file)
        guard let newest = states.last else { throw RepositoryError.noSnapshot(file, at: .none) }
        let plans = try RebuildPlans(root, wanted: [file], upTo: newest.sequence, keepingEverything: true)
        var seen = last
        defer { last = seen }
        try withoutActuallyEscaping(body) { body in
            var next = states.makeIterator()
            var pages: PageBitmap?
            var isWhole = true
            weak var current: RebuildPass?
            let pass = try RebuildPass(root, plans) { id, entry, applier, place in
                guard entry.isSnapshot else { return }
                guard let state = next.next(), state.digest == entry.digest, applier.digest == entry.digest
                else {
                    throw place.damage("an image of file \(id) is not that of its snapshot")
                }
                guard state.sequence > seen else { return }
                try body(Step(state: state, pages: isWhole ? nil : pages) { try current?.writeImage(id) })
                seen = state.sequence
                (pages, isWhole) = (PageBitmap(), false)
            }
            current = pass
            pass.onPages = { _, numbers in
                guard let numbers else { return isWhole = true }
                for number in numbers { pages?.insert(PageNumber(number)) }
            }
            pass.add(file, plans.plans[file]!, output: image)
            try pass.run { _, error in throw error }
        }
    }

    private func snapshots(of file: FileID) throws -> [SnapshotState] {
        try ReplacedSegmentError.retrying {
            var states: [SnapshotState] = []
            try RootHistory(root).visit { event in
                if case .snapshot(let record) = event, record.file == file { states.append(record.state) }
            }
            return states
        }
    }
}
