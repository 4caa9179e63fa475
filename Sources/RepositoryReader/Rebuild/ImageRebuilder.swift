package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// Rebuilds images from the stream: the last base image or fresh start, and every record after it. A rebuilt
/// image is compared with its digest before it is returned. Memory is bounded by 16 MiB of pending pages, one
/// block or record, and a chunk of a base for each thread that decompresses it.
package struct ImageRebuilder: Sendable {
    let root: RootDescription
    /// Counts the bytes of the images.
    private let progress: WorkProgress?

    package init(_ root: RootDescription, progress: WorkProgress? = nil) {
        self.root = root
        self.progress = progress
    }

    /// Writes the images of several files in two passes over the stream. Returns the result of each; the
    /// output of a file that failed is removed. Throws only errors that concern all of them. The outputs must
    /// not exist yet. `mayCloneMirrors`: tries a reflink of each mirror first, because the newest images are
    /// wanted.
    package func rebuildAll(
        _ outputs: [FileID: FilePath],
        at sequence: SequenceNumber,
        mayCloneMirrors: Bool = false
    ) throws -> [FileID: Result<SnapshotState, any Error>] {
        try ReplacedSegmentError.retrying { try rebuildOnce(outputs, at: sequence, mayCloneMirrors) }
    }

    private func rebuildOnce(
        _ outputs: [FileID: FilePath],
        at sequence: SequenceNumber,
        _ mayCloneMirrors: Bool
    ) throws -> [FileID: Result<SnapshotState, any Error>] {
        let plans = try RebuildPlans(root, wanted: Set(outputs.keys), upTo: sequence)
        let pass = try RebuildPass(root, plans)
        pass.imageProgress = progress
        progress?.begin("rebuilding", totalBytes: plans.imageBytes)
        var results: [FileID: Result<SnapshotState, any Error>] = [:]
        var made: [FileID: FilePath] = [:]
        for (id, output) in outputs {
            do {
                let plan = try plans.plan(id, at: sequence)
                let file = try OpenFile(output, .createNew)
                made[id] = output
                if mayCloneMirrors, let snapshot = plan.snapshot, try clone(mirrorOf: id, to: file, snapshot)
                {
                    results[id] = .success(snapshot)
                    progress?.add(snapshot.shape.byteCount)
                } else {
                    pass.add(id, plan, output: output)
                }
            } catch {
                results[id] = .failure(error)
            }
        }
        do {
            try pass.run()
        } catch {
            for output in made.values { try? Directory.remove(output) }
            throw error
        }
        for (id, rebuild) in pass.rebuilds {
            results[id] = Result { try pass.verify(id) }
            progress?.add(rebuild.bytesBesideBase)
        }
        for (id, output) in made {
            if case .failure = results[id] { try? Directory.remove(output) }
        }
        return results
    }

    /// Restores the file by cloning the mirror, if the clone is the snapshot's image. The writer may be
    /// ahead, or in the middle of an update. Otherwise the file is emptied again.
    private func clone(
        mirrorOf id: FileID,
        to file: borrowing OpenFile,
        _ snapshot: SnapshotState
    ) throws(SystemError) -> Bool {
        guard let mirror = try? OpenFile(root.mirrorPath(id), .stored), file.becomeClone(of: mirror) else {
            return false
        }
        if try file.status().sizeBytes == snapshot.shape.byteCount,
            try ImageDigest.of(file, shape: snapshot.shape) == snapshot.digest
        {
            return true
        }
        try file.truncate(to: 0)
        return false
    }
}
