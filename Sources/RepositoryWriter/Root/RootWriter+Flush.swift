import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Flushing: append, wait for the disk, then update the mirrors. Only the stream is authoritative. If a
/// mirror cannot be written, the flush has still succeeded, and the pages remain in memory for the next
/// attempt.
extension RootWriter {
    /// Encoded records are written when there are this many bytes of them.
    private static let chunkBytes = 4 << 20
    /// Runs are kept for reuse up to this much memory, in bytes.
    private static let spareBytes = 5 << 20

    /// Makes everything staged durable and returns the last durable sequence. After an error everything is
    /// still staged and nothing has changed. It can be tried again. Throws `SystemError`.
    package func flush() throws -> SequenceNumber {
        guard !staged.isEmpty else {
            updateMirrors()
            return lastDurableSequence
        }
        let segment = try segment.forWriting(after: lastDurableSequence, now: lastTime)
        try segment.begin()
        joinMoments()
        try write(to: segment)
        try segment.commit()

        sessionIsWritten = true
        lastDurableSequence = lastSequence
        self.segment.flushed(segment, hasOpenParts: hasOpenParts)
        markDurable(segment)
        let written = staged
        staged.removeAll(keepingCapacity: true)
        changedKinds = []
        stagedPageBytes = 0
        updateMirrors()
        recycle(written)
        return lastDurableSequence
    }

    /// Throws `RepositoryError.gone` unless readers find the durable files by their names; `SystemError` when
    /// that cannot be determined.
    package func requireInPlace() throws {
        try lock.requireInPlace()
        try segment.requireInPlace()
    }

    /// A file that a commit names was written just before or just after it. If a database and a plain file
    /// changed within one flush, only the flush's end is a moment of the root.
    private func joinMoments() {
        guard changedKinds.count > 1 else { return }
        for case .changes(let run) in staged.lazy.map(\.content) {
            run.withdrawMoments(keepingLast: run.lastSequence == lastSequence)
        }
    }

    private func write(to segment: SegmentWriter) throws {
        encoder.begin(at: segment.position, of: segment.firstSequence)
        if !sessionIsWritten {
            let time = staged.first?.time ?? lastTime
            try encoder.append(StagedRecord(.session(program: options.program), time: time))
        }
        for record in staged {
            if case .changes(let run) = record.content {
                if run.entryCount == 0 { continue }
                self.segment.noteChanges(of: run.file)
            }
            try encoder.append(record)
            guard encoder.bytes.count >= Self.chunkBytes else { continue }
            try writeEncoded(to: segment)
        }
        try writeEncoded(to: segment)
    }

    private func writeEncoded(to segment: SegmentWriter) throws(SystemError) {
        let bytes = encoder.bytes
        try segment.append(unsafe bytes.span.bytes)
        encoder.restart(at: segment.position)
    }

    /// Ends the current segment, so that everything durable can be compacted or pruned, and begins the next
    /// one. A segment without a snapshot, or with an unfinished one, continues. Throws `SystemError`.
    package func endSegment() throws {
        try segment.end(after: lastDurableSequence, now: lastTime, hasOpenParts: hasOpenParts)
    }

    /// Whether the stream ends amid a snapshot of any file.
    private var hasOpenParts: Bool { images.values.contains(where: \.hasOpenParts) }

    private func markDurable(_ segment: SegmentWriter) {
        let mark = DurableMark(
            root: root.id,
            segment: segment.firstSequence,
            validBytes: segment.validBytes,
            lastSequence: lastDurableSequence
        )
        do throws(SystemError) {
            try durableMark.write(mark)
        } catch {
            note("the durable mark cannot be written (\(error.code))", at: root.durableMarkPath)
        }
    }

    /// Adds a note once, however often it repeats in a row.
    private func note(_ message: String, at path: FilePath) {
        guard notes.last?.message != message else { return }
        notes.append(Finding(.warning, path, at: 0, message))
    }

    private func updateMirrors() {
        mirrorTrouble = nil
        for image in aheadOfMirror.values {
            do throws(SystemError) {
                if image.isAheadOfMirror { try image.updateMirror(try mirror(image), scratch: &numberBuffer) }
                aheadOfMirror[image.id] = nil
                forgetIfGone(image)
            } catch {
                if image.hasLostMirror, image.unfinished == nil, (try? restoreMirrors([image.id])) != nil {
                    aheadOfMirror[image.id] = nil
                    continue
                }
                mirrorTrouble = error
                let message = "the mirror cannot be written (\(error.code)); its pages stay in memory"
                note(message, at: image.mirrorPath)
            }
        }
    }

    /// Memory of durable pages that are not yet in their mirror, in bytes: none unless mirrors cannot be
    /// written.
    package var unmirroredBytes: Int {
        guard mirrorTrouble != nil else { return 0 }
        return aheadOfMirror.values.reduce(0) { sum, image in
            image.hasLostMirror ? sum : image.stagedRuns.reduce(sum) { $0 + $1.capacity }
        }
    }

    private func recycle(_ written: [StagedRecord]) {
        for record in written {
            guard case .changes(let run) = record.content, images[run.file]?.stagedRuns.isEmpty ?? true,
                spareRuns.reduce(run.capacity, { $0 + $1.capacity }) <= Self.spareBytes
            else { continue }
            spareRuns.append(run)
        }
    }
}
