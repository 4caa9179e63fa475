package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// Staging: `PageComparison` does everything that can fail first, and changes nothing. The rest only moves
/// memory, so a failed call leaves the writer unchanged.
extension RootWriter {
    /// Compares every page with the latest content and keeps those that differ. Returns the sequence of the
    /// new snapshot. Returns nil in these cases:
    /// 1. Nothing changed.
    /// 2. The changes are not final.
    /// 3. They only add to an unfinished snapshot or a base image.
    ///
    /// Throws `RepositoryError` for misuse, and `SystemError`.
    package func stage(_ changes: Changes) throws -> SequenceNumber? {
        let image = try image(changes.file)
        guard changes.pages.isEmpty || changes.pages.pageSize == changes.shape.pageSize else {
            throw RepositoryError.misuse("pages of another size than their image's")
        }
        guard !image.needsRestoring else {
            throw RepositoryError.misuse("file \(changes.file) was left in the middle of a base image")
        }
        if image.base != nil {
            try baseMirror.stage(changes, StagingPlan.shape(of: changes), image)
            return nil
        }
        let plan = try StagingPlan(
            changes,
            current: image.shape,
            isPresent: image.isPresent,
            isUnfinished: image.unfinished != nil
        )
        if plan.isVain { return nil }
        try pageStaging.compare(
            changes.pages,
            plan.shape,
            before: plan.before,
            image,
            try mirrors.open(image)
        )

        if !changes.isFinal { image.unfinished = image.unfinished ?? 0 }
        if changes.isFinal && !plan.closes { image.unfinished! += changes.transactions }
        guard plan.needsEntry(hasChanges: pageStaging.hasChanges, hasOpenParts: image.hasOpenParts) else {
            if plan.closes { image.unfinished = nil }
            return nil
        }
        let added = image.unfinished ?? 0
        let entry = ChangesFormat.Entry(
            time: staged.noting(changes.time),
            event: plan.closes ? changes.event : nil,
            startsFresh: plan.startsFresh,
            shape: plan.shape,
            coalesced: plan.closes ? UInt64(max(0, changes.coalesced) + added) : 0,
            digest: plan.closes ? pageStaging.digest : 0,
            scope: changes.isConsistentPoint ? .consistentPoint : .fileOnly
        )
        noteSnapshot(pageStaging.commit(entry, changes.pages, image, to: &staged), of: image)
        images.noteAhead(image)
        return plan.closes ? lastSequence : nil
    }

    /// Ends the file's unfinished snapshot. If none is open and the size differs, makes a snapshot of that
    /// size. Otherwise returns nil.
    package func finish(
        _ file: FileID,
        event: SnapshotEvent,
        time: Instant,
        shape: ImageSize,
        coalesced: Int = 0
    ) throws -> SequenceNumber? {
        try stage(
            Changes(
                file: file,
                time: time,
                event: event,
                coalesced: coalesced,
                shape: shape,
                pages: PageSet(pageSize: shape.pageSize),
                closesUnfinished: true
            )
        )
    }

    /// Stages a gap: single commits may have been missed. Throws `RepositoryError.noSuchFile`.
    package func stageGap(_ gap: Gap) throws {
        if gap.file != .root { _ = try image(gap.file) }
        // If a clock was ahead, the gap would begin after its end.
        let gap = Gap(from: min(gap.from, gap.to), to: gap.to, reason: gap.reason, file: gap.file)
        let time = staged.noting(gap.to)
        staged.append(.gap(gap), time: time)
    }

    /// Stages an annotation. Throws `RepositoryError.noSuchFile`.
    package func stageAnnotation(_ annotation: Annotation) throws {
        if annotation.file != .root { _ = try image(annotation.file) }
        let time = staged.noting(annotation.time)
        staged.append(.annotation(annotation), time: time)
    }

    /// Ends an entry. If the entry is finished, this ends the snapshot.
    func end(
        _ batch: ChangeBatch,
        _ entry: ChangesFormat.Entry,
        _ numbers: ArraySlice<UInt32>,
        _ image: FileImage
    ) {
        noteSnapshot(staged.end(batch, entry, numbers, image), of: image)
    }

    /// Takes the snapshot that was staged; nil when the entry was a part of one.
    private func noteSnapshot(_ state: SnapshotState?, of image: FileImage) {
        guard let state else { return }
        if state.event != .baseline, let kind = files[image.id]?.kind { staged.noteChange(of: kind) }
        declared.setLast(state, of: image.id)
    }
}
