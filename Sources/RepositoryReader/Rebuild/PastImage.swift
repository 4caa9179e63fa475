import LinuxSystem
package import RepositoryFormat
package import SystemPackage
import Synchronization

/// An image of an earlier moment that is read here and there, and never rebuilt as a whole.
///
/// Records since the base are applied at once; of the base a chunk is decompressed when something of it is
/// read. Each record and each chunk that is used has its checksum. The digest of the whole image is not
/// compared, because the rest is never read.
package final class PastImage: Sendable {
    private struct Parts {
        let file: SharedFile
        let base: LazyBase?
        var buffer: [UInt8] = []
        var failure: (any Error)?
    }

    package let snapshot: SnapshotState
    private let parts: Mutex<Parts>

    private init(_ snapshot: SnapshotState, _ parts: sending Parts) {
        self.snapshot = snapshot
        self.parts = Mutex(parts)
    }

    /// - Parameter directory: gets a file of holes that loses its name at once.
    package static func open(
        _ id: FileID,
        at sequence: SequenceNumber,
        of root: RootDescription,
        in directory: FilePath
    ) throws -> PastImage {
        try ReplacedSegmentError.retrying {
            let plans = try RebuildPlans(root, wanted: [id], upTo: sequence)
            let plan = try plans.plan(id, at: sequence)
            let path = directory.appending("past-\(id)-\(sequence)")
            let file = try SharedFile(path, .createNew)
            try Directory.remove(path)
            let pass = try RebuildPass(root, plans)
            pass.readsBasesLazily = true
            pass.add(id, plan, output: path, open: file)
            try pass.run()
            let (snapshot, base) = try pass.lazySnapshot(id)
            return PastImage(snapshot, Parts(file: file, base: base))
        }
    }

    /// Why bytes of it could not be read.
    package var failure: (any Error)? { parts.withLock { $0.failure } }

    /// Calls `body` with the bytes of the image from `offset` on, up to `count`: fewer only at its end.
    package func read(count: Int, at offset: UInt64, _ body: (RawSpan) -> Void) throws {
        let end = snapshot.shape.byteCount
        let count = Int(min(UInt64(count), end.subtractingSaturated(offset)))
        try parts.withLock { parts in
            if parts.buffer.count < count { parts.buffer.append(zeros: count - parts.buffer.count) }
            do {
                try parts.base?.fill(offset..<offset + UInt64(count), of: parts.file.file)
                let got = try parts.file.file.read(into: &parts.buffer, count: count, at: offset)
                body(unsafe parts.buffer.span.bytes.extracting(0..<got))
            } catch {
                parts.failure = parts.base?.damage ?? error
                throw parts.failure!
            }
        }
    }
}
