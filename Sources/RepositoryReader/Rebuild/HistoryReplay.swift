package import RepositoryFormat
package import SQLiteFiles
package import SystemPackage

/// Applies the snapshots of a file to one image, one after the other, in one pass over the stream. The image
/// is read here and there, as a `PastImage`.
///
/// Each record that is applied proves the digest of its snapshot: it takes what it replaces out of the former
/// digest. Only the chunks of a base that nobody reads are not proven.
package struct HistoryReplay {
    /// A snapshot that the image has reached.
    package struct Step {
        package let state: SnapshotState
        /// The pages that may have changed since the step before; nil for all.
        package let pages: PageBitmap?
        /// The image as of this snapshot. It cannot be read any more when the replay has gone on.
        package let image: () throws -> PastImage
    }

    private let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Calls `body` for each snapshot of the file, oldest first. On the file system of `directory`, a file
    /// without a name is made.
    ///
    /// Throws `DamageError`, `RepositoryError.noSnapshot`, `SystemError`, and what `body` throws.
    package func run(_ file: FileID, in directory: FilePath, _ body: (Step) throws -> Void) throws {
        var last = SequenceNumber.none
        try ReplacedSegmentError.retrying {
            try runOnce(file, in: directory, after: &last, body)
        }
    }

    private func runOnce(
        _ file: FileID,
        in directory: FilePath,
        after last: inout SequenceNumber,
        _ body: (Step) throws -> Void
    ) throws {
        let states = try snapshots(of: file)
        guard let newest = states.last else { throw RepositoryError.noSnapshot(file, at: .none) }
        let plans = try RebuildPlans(root, wanted: [file], upTo: newest.sequence, keepingEverything: true)
        let output = try SharedFile(unnamedIn: directory)
        var seen = last
        defer { last = seen }
        try withoutActuallyEscaping(body) { body in
            var next = states.makeIterator()
            var changed = StepChanges()
            weak var current: RebuildPass?
            var failure: (any Error)?
            let pass = try RebuildPass(root, plans) { id, entry, applier, place in
                guard entry.isSnapshot, failure == nil else { return }
                guard let state = next.next(), state.digest == entry.digest, applier.digest == entry.digest
                else {
                    throw place.damage("an image of file \(id) is not that of its snapshot")
                }
                guard state.sequence > seen else { return }
                let base = applier.overlay.base
                let step = Step(state: state, pages: changed.pages) {
                    try current?.writeImage(id)
                    return PastImage(state, output, base)
                }
                try body(step)
                seen = state.sequence
                changed.pages = PageBitmap()
            }
            current = pass
            pass.onPages = { id, numbers in
                changed.note(numbers, current?.rebuilds[id]?.applier.shape)
            }
            pass.readsBasesLazily = true
            pass.add(file, plans.plans[file]!, output: directory, open: output)
            // Of damage the stream makes a finding, and goes on.
            try pass.run { _, error in
                failure = failure ?? error
                throw error
            }
            if let failure { throw failure }
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

/// The pages that may have changed since a step of a replay.
private struct StepChanges {
    /// Nil for all.
    var pages: PageBitmap?
    private var size: ImageSize?

    /// These pages were changed, and the image has that size now. `numbers`: nil for all.
    mutating func note(_ numbers: ArraySlice<UInt32>?, _ new: ImageSize?) {
        let old = size
        size = new
        guard let numbers else { return pages = nil }
        for number in numbers { pages?.insert(PageNumber(number)) }
        // What the image lost reads as zeros if it grows again.
        guard let old, let new, new.byteCount < old.byteCount else { return }
        let kept = PageCount(UInt32(new.byteCount / UInt64(new.pageSize.bytes)))
        pages?.insert(old.pageCount.pages(behind: kept))
    }
}
