import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Flushing: append, wait for the disk, then update the mirrors. Only the stream is authoritative. If a
/// mirror cannot be written, the flush has still succeeded, and the pages remain in memory for the next
/// attempt.
extension RootWriter {
    /// Makes everything staged durable and returns the last durable sequence. After an error everything is
    /// still staged and nothing has changed. It can be tried again. Throws `SystemError`.
    package func flush() throws -> SequenceNumber {
        guard hasStaged else {
            updateMirrors()
            return lastDurableSequence
        }
        try stream.append(staged, hasOpenParts: images.hasOpenParts)
        do throws(SystemError) {
            try stream.writeMark()
        } catch {
            note("the durable mark cannot be written (\(error.code))", at: root.durableMarkPath)
        }
        let written = staged.takeAll()
        updateMirrors()
        staged.recycle(written) { images[$0.file]?.staged.batches.isEmpty ?? true }
        return lastDurableSequence
    }

    /// Throws `RepositoryError.gone` unless readers find the durable files by their names; `SystemError` when
    /// that cannot be determined.
    package func requireInPlace() throws {
        try lock.requireInPlace()
        try stream.segment.requireInPlace()
    }

    /// Ends the current segment, so that everything durable can be compacted or pruned, and begins the next
    /// one. A segment without a snapshot, or with an unfinished one, continues. Throws `SystemError`.
    package func endSegment() throws {
        try stream.endSegment(now: lastTime, hasOpenParts: images.hasOpenParts)
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
