import LinuxFiles
package import SystemPackage

/// Rebuilds images from the stream: the last base image or fresh start, and every record after it. What is
/// rebuilt is compared with its digest before it is handed out. Memory is bounded by one record.
package struct ImageRebuilder: Sendable {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Makes the file `output`, which must not exist yet, with the image of `file` as it was at its newest
    /// snapshot not later than `sequence`. A snapshot whose event is `deleted` gives an empty file.
    ///
    /// Returns the snapshot. Throws `DamageError`, `RepositoryError.noSnapshot` (also when the stream ends before
    /// `sequence`), `RepositoryError.unsupported`, `SystemError`; `output` is then gone again.
    package func rebuild(
        _ file: FileID,
        at sequence: Sequence,
        into output: FilePath
    ) throws -> SnapshotState {
        try rebuildAll([file: output], at: sequence)[file]!.get()
    }

    /// The same for several files in two walks over the stream, with what became of each. Throws only what
    /// concerns all of them.
    package func rebuildAll(
        _ outputs: [FileID: FilePath],
        at sequence: Sequence
    ) throws -> [FileID: Result<SnapshotState, any Error>] {
        let plans = try RebuildPlans(root, wanted: Set(outputs.keys), upTo: sequence)
        let pass = try RebuildPass(root)
        var results: [FileID: Result<SnapshotState, any Error>] = [:]
        for (id, output) in outputs {
            do {
                let plan = try plans.plan(id, at: sequence)
                _ = try OpenFile(output, .createNew)
                pass.add(id, plan, output: output)
            } catch {
                results[id] = .failure(error)
            }
        }
        try pass.run()
        for id in pass.jobs.keys {
            let result = Result { try pass.verify(id) }
            if case .failure = result { try? Directory.remove(outputs[id]!) }
            results[id] = result
        }
        return results
    }
}
