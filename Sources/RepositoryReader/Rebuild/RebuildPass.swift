import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles
package import SystemPackage

/// One pass over the stream that applies the records of some files to their images, each by its own plan.
package final class RebuildPass {
    /// One file's part of the work. It is a class because a copied value would copy its pending pages at the
    /// next change.
    package final class FileRebuild {
        let plan: RebuildPlan
        let output: FilePath
        package var applier: ImageApplier
        /// Why the image cannot be continued.
        package var failure: (any Error)?

        init(_ plan: RebuildPlan, output: FilePath, _ applier: ImageApplier) {
            self.plan = plan
            self.output = output
            self.applier = applier
        }

        /// The bytes of the finished image that are beyond those of its base.
        var bytesBesideBase: UInt64 {
            let bytes = plan.snapshot?.shape.byteCount ?? 0
            return bytes.subtractingSaturated(applier.base?.reference.shape.byteCount ?? 0)
        }
    }

    /// The most that changed pages of all files may take in memory before they are written, in bytes.
    private static let overlayBytes = 16 << 20

    private let root: RootDescription
    private let segments: [SequenceNumber: SegmentIdentity]
    private let deltasUpTo: SequenceNumber
    package private(set) var rebuilds: [FileID: FileRebuild] = [:]
    private let files = FilePool(mode: .update)
    private var opener: RecordOpener
    private let exchanged = ExchangedPage()
    private var overlayBytes = 0
    /// Called when everything up to a finished snapshot of the file was applied.
    private let onSnapshot: ((FileID, ChangesFormat.Entry, ImageApplier, RecordPlace) throws -> Void)?
    /// Called when these pages of a file changed; nil for all of them.
    var onPages: ((FileID, ArraySlice<UInt32>?) -> Void)?
    /// Counts the bytes of bases as they are applied.
    var imageProgress: WorkProgress?
    /// Counts the bytes of segments as they are read.
    var streamProgress: WorkProgress?
    /// Whether bases are read only where something of them is needed. Their digests are not compared then.
    var readsBasesLazily = false
    /// Whether `onSnapshot` is called as well for a snapshot whose changes are lost, if the image has its
    /// digest without them.
    var provesWithoutData = false
    /// The first damage that was found anywhere in the stream. It is reported in place of the symptoms that
    /// it causes in files.
    private var firstDamage: DamageError?

    /// `plans`: the source of the files' plans. With `onSnapshot`, images keep their digests at every step,
    /// and a file that failed continues at its next base or fresh start.
    package init(
        _ root: RootDescription,
        _ plans: RebuildPlans,
        onSnapshot: ((FileID, ChangesFormat.Entry, ImageApplier, RecordPlace) throws -> Void)? = nil
    ) throws {
        self.root = root
        segments = plans.segments
        deltasUpTo = plans.deltasUpTo
        self.onSnapshot = onSnapshot
        opener = try RecordOpener()
    }

    /// Adds a file. `output` must exist; `open`: the same file, if it is open for reading and writing
    /// already. `wanted`: the only pages that are needed.
    package func add(
        _ id: FileID,
        _ plan: RebuildPlan,
        output: FilePath,
        open: SharedFile? = nil,
        wanted: PageBitmap? = nil
    ) {
        if let open { files.adopt(id, open) }
        let applier = ImageApplier(tracksDigest: onSnapshot != nil, wanted: wanted, exchanged: exchanged)
        rebuilds[id] = FileRebuild(plan, output: output, applier)
    }

    /// Rebuilds all files. Throws `ReplacedSegmentError` when the plans no longer match the segments.
    package func run(onFailure: (FileID, any Error) throws -> Void = { _, _ in }) throws {
        guard let first = rebuilds.values.compactMap({ $0.plan.start }).min() else { return }
        let last = rebuilds.values.compactMap { $0.plan.end }.max()
        // If the first segment was merged into an earlier one, the pass misses its records.
        var hasStart = false
        let stream = StreamReader(
            root: root,
            start: first.segment,
            wantsData: true,
            deliversLostData: provesWithoutData,
            deltasUpTo: deltasUpTo,
            wantedFiles: Set(rebuilds.keys),
            progress: streamProgress,
            onSegment: { [segments] segment, identity in
                hasStart = hasStart || segment == first.segment
                guard hasStart, segments[segment] == nil || segments[segment] == identity else {
                    throw ReplacedSegmentError()
                }
            }
        )
        _ = try stream.run(
            onFinding: { finding in
                if finding.severity == .error { firstDamage = firstDamage ?? DamageError(finding) }
            },
            onRecord: { type, header, payload, place in
                if let last, place.location > last.record { return false }
                guard let rebuild = rebuilds[header.file] else { return true }
                do {
                    switch type {
                    case .base: try applyBase(header, rebuild, payload, place)
                    case .changes: try applyChanges(header, rebuild, payload, place)
                    default: break
                    }
                } catch is ReplacedSegmentError {
                    throw ReplacedSegmentError()
                } catch {
                    // Of a base that is read lazily, the error only says that it could not be read.
                    let error = rebuild.applier.overlay.base?.damage ?? error
                    // What cannot be fetched again stays damaged, and the other files are rebuilt.
                    if let damage = error as? DamageError,
                        (try? root.baseFiles.replaceDamaged(damage.path)) == true
                    {
                        throw ReplacedSegmentError()
                    }
                    rebuild.failure = firstDamage ?? error
                    try onFailure(header.file, error)
                }
                if overlayBytes > Self.overlayBytes { try writeOverlays() }
                return true
            }
        )
        guard hasStart else { throw ReplacedSegmentError() }
        try writeOverlays()
    }

    /// Writes the pending pages of all files.
    private func writeOverlays() throws(SystemError) {
        for (id, rebuild) in rebuilds where rebuild.applier.overlay.isAhead && rebuild.failure == nil {
            try writeImage(id)
        }
        overlayBytes = 0
    }

    /// Writes one file as of its current image.
    func writeImage(_ id: FileID) throws(SystemError) {
        guard let rebuild = rebuilds[id] else { return }
        let output = try files.file(id, at: rebuild.output)
        try rebuild.applier.finish(output.file)
    }

    private func applyBase(
        _ header: RecordHeader,
        _ rebuild: FileRebuild,
        _ payload: RawSpan,
        _ place: RecordPlace
    ) throws {
        let id = header.file
        guard rebuild.plan.includes(place.location, entry: 0), canGoOn(rebuild, atFreshStart: true) else {
            return
        }
        let reference = try place.reading(try BaseReference(payload))
        let path = root.basePath(header.firstSequence, id)
        let base: BaseReader
        do {
            base = try BaseReader(path, in: root.baseFiles, root: root.id, file: id, reference: reference)
        } catch {
            // Pruning removes a base after the segment that names it.
            let segment = place.location.segment
            guard try FileStatus.unlessMissing(path, followingLinks: false) == nil,
                let known = segments[segment],
                (try? StreamReader(root: root).identity(of: segment)) != known
            else { throw error }
            throw ReplacedSegmentError()
        }
        let output = try files.file(id, at: rebuild.output)
        if readsBasesLazily {
            try rebuild.applier.apply(lazily: base, header.firstSequence, reference, to: output.file)
        } else {
            try rebuild.applier.apply(
                base: base,
                header.firstSequence,
                reference,
                to: output.file,
                progress: imageProgress
            )
        }
        onPages?(id, nil)
    }

    private func applyChanges(
        _ header: RecordHeader,
        _ rebuild: FileRebuild,
        _ payload: RawSpan,
        _ place: RecordPlace
    ) throws {
        let id = header.file
        guard rebuild.plan.includes(place.location, entry: 0) else { return }
        try opener.decode(payload, header, place)
        guard canGoOn(rebuild, atFreshStart: opener.changes.entries[0].startsFresh) else { return }
        if place.isDataLost { return try proveWithoutData(id, rebuild, place) }
        let output = try files.file(id, at: rebuild.output)
        try opener.open(payload, place, from: rebuild.applier, output.file)
        var before = rebuild.applier.overlay.byteCount
        for index in 0..<opener.changes.entries.count {
            // Void or later entries are at the end of a record: once one is not included, no later one is.
            guard rebuild.plan.includes(place.location, entry: index) else { return }
            let entry = opener.changes.entries[index]
            try rebuild.applier.apply(entry, of: opener.changes, data: opener.data, to: output.file)
            onPages?(id, entry.startsFresh ? nil : opener.changes.numbers[entry.pages])
            overlayBytes += rebuild.applier.overlay.byteCount - before
            before = rebuild.applier.overlay.byteCount
            if entry.event != nil { try onSnapshot?(id, entry, rebuild.applier, place) }
        }
    }

    /// The changes of the decoded record are lost. Its first snapshots are proven as far as the image has
    /// their digests. A base often is the image of the snapshot that ends it.
    private func proveWithoutData(_ id: FileID, _ rebuild: FileRebuild, _ place: RecordPlace) throws {
        guard !opener.changes.entries[0].startsFresh else {
            throw place.damage("the data of a fresh start is lost")
        }
        for (index, entry) in opener.changes.entries.enumerated() where entry.event != nil {
            guard rebuild.plan.includes(place.location, entry: index), rebuild.applier.shape == entry.shape,
                rebuild.applier.digest == entry.digest
            else { return }
            try onSnapshot?(id, entry, rebuild.applier, place)
        }
    }

    /// Whether the file is intact so far. With `onSnapshot`, a base or fresh start clears a failure.
    private func canGoOn(_ rebuild: FileRebuild, atFreshStart isFresh: Bool) -> Bool {
        guard rebuild.failure != nil else { return true }
        guard isFresh, onSnapshot != nil else { return false }
        rebuild.failure = nil
        return true
    }

    /// The snapshot of a finished image that was read lazily. Throws why it was not finished.
    func lazySnapshot(_ id: FileID) throws -> (SnapshotState, LazyBase?) {
        guard let rebuild = rebuilds[id], let snapshot = rebuild.plan.snapshot else {
            throw RepositoryError.noSnapshot(id, at: .none)
        }
        if let failure = rebuild.failure { throw failure }
        guard rebuild.applier.shape == snapshot.shape else { throw mismatch(rebuild, snapshot, "size") }
        return (snapshot, rebuild.applier.overlay.base)
    }

    private func mismatch(_ rebuild: FileRebuild, _ snapshot: SnapshotState, _ part: String) -> DamageError {
        DamageError(
            rebuild.plan.end.map { root.segmentPath($0.record.segment) } ?? root.directory,
            at: rebuild.plan.end?.record.offset ?? 0,
            "the rebuilt image of snapshot \(snapshot.sequence) does not have its \(part)"
        )
    }

    /// Compares a finished image with its snapshot's state. Throws `DamageError`, or the reason why it was
    /// not finished.
    func verify(_ id: FileID) throws -> SnapshotState {
        guard let rebuild = rebuilds[id], let snapshot = rebuild.plan.snapshot else {
            throw RepositoryError.noSnapshot(id, at: .none)
        }
        if let failure = rebuild.failure { throw failure }
        let output = try files.file(id, at: rebuild.output)
        guard rebuild.applier.shape == snapshot.shape,
            try output.file.status().sizeBytes == snapshot.shape.byteCount,
            try rebuild.applier.finalDigest(of: output.file) == snapshot.digest
        else { throw firstDamage ?? mismatch(rebuild, snapshot, "digest") }
        return snapshot
    }
}
