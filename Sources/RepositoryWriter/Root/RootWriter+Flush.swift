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

    /// Makes everything staged durable and returns the last durable sequence. After an error everything is
    /// still staged and nothing has changed. It can be tried again. Throws `SystemError`.
    package func flush() throws -> SequenceNumber {
        guard hasStaged else {
            updateMirrors()
            return lastDurableSequence
        }
        let segment = try segment.forWriting(after: lastDurableSequence, now: lastTime)
        try segment.begin()
        staged.joinMoments(last: lastSequence)
        try write(to: segment)
        try segment.commit()

        sessionIsWritten = true
        lastDurableSequence = lastSequence
        self.segment.flushed(segment, hasOpenParts: images.hasOpenParts)
        markDurable(segment)
        let written = staged.takeAll()
        updateMirrors()
        staged.recycle(written) { images[$0.file]?.stagedRuns.isEmpty ?? true }
        return lastDurableSequence
    }

    /// Throws `RepositoryError.gone` unless readers find the durable files by their names; `SystemError` when
    /// that cannot be determined.
    package func requireInPlace() throws {
        try lock.requireInPlace()
        try segment.requireInPlace()
    }

    private func write(to segment: SegmentWriter) throws {
        encoder.begin(at: segment.position, of: segment.firstSequence)
        if !sessionIsWritten {
            let time = staged.records.first?.time ?? lastTime
            try encoder.append(StagedRecord(.session(program: options.program), time: time))
        }
        for record in staged.records {
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
        try segment.end(after: lastDurableSequence, now: lastTime, hasOpenParts: images.hasOpenParts)
    }

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
        for image in images.ahead {
            do throws(SystemError) {
                try images.updateMirror(image)
                forgetIfGone(image)
            } catch {
                if image.hasLostMirror, image.unfinished == nil, (try? restoreMirrors([image.id])) != nil {
                    images.noteMirrored(image)
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
        return images.unmirroredBytes
    }
}
