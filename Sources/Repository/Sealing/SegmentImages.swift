import LinuxFiles
import SQLiteFiles
import SystemPackage

/// The images of a segment's files while its records are laid over them: only the pages that it changes, in files
/// that are holes elsewhere, with the digest of the whole image beside them. So every page that changes is checked
/// before and after, and the disk needs no room for the others.
final class SegmentImages {
    private let root: RootDescription
    private let directory: FilePath
    private let files = FilePool(mode: .updateOrCreate)
    private let scan: SegmentScan
    private var appliers: [FileID: ImageApplier] = [:]
    /// Files that were changed since they were written.
    private var overlayBytes = 0
    private static let overlayBytes = 16 << 20

    /// Rebuilds what the segment's files were at its start. Throws as `ImageRebuilder` does.
    init(_ root: RootDescription, _ scan: SegmentScan, in scratch: FilePath) throws {
        self.root = root
        self.scan = scan
        directory = scratch.appending(UInt64.random(in: 0 ... .max).hexadecimal)
        try Directory.make(directory)
        try rebuild()
    }

    private func rebuild() throws {
        let wanted = scan.pages.keys.filter { !scan.anew.contains($0) && scan.before.files[$0]?.last != nil }
        guard !wanted.isEmpty else { return }
        let plans = try RebuildPlans(root, wanted: Set(wanted), upTo: scan.before.lastSequence)
        let pass = try RebuildPass(root, plans)
        for id in wanted {
            let plan = try plans.plan(id, at: scan.before.lastSequence)
            // A frame that was made with whole pages needs all of those to be opened.
            let isReachable = plan.lastWholePages.map { $0 < plan.start! } ?? true
            _ = try OpenFile(path(id), .createNew)
            pass.add(id, plan, output: path(id), wanted: isReachable ? scan.pages[id] : nil)
        }
        try pass.run()
        for id in wanted {
            if let failure = pass.jobs[id]!.failure { throw failure }
            let state = scan.before.files[id]!.last!
            guard pass.jobs[id]!.applier.shape == state.shape else {
                throw DamageError(
                    path(id),
                    at: 0,
                    "the image of snapshot \(state.sequence) has another length"
                )
            }
            var applier = ImageApplier(tracksDigest: true, wanted: scan.pages[id])
            applier.overlay.reset(state.shape.pageSize, isEmpty: false)
            applier.shape = state.shape
            applier.digest = state.digest
            appliers[id] = applier
        }
    }

    private func path(_ id: FileID) -> FilePath { directory.appending("\(id)") }

    /// Begins a file anew with a base.
    func apply(_ reference: BaseReference, _ sequence: Sequence, _ id: FileID) throws {
        let base = try BaseReader(root.basePath(sequence, id), root: root.id, file: id, reference: reference)
        let file = try files.file(id, at: path(id))
        var applier = ImageApplier(tracksDigest: true, wanted: scan.pages[id])
        try applier.apply(base: base, reference, to: file.file)
        appliers[id] = applier
    }

    /// Opens the page data of a record of the file.
    func open(
        _ opener: inout RecordOpener,
        _ payload: RawSpan,
        _ place: RecordPlace,
        _ id: FileID
    ) throws {
        let file = try files.file(id, at: path(id))
        try opener.open(payload, place, from: applier(id), file.file)
    }

    /// Applies an entry of the record that was opened last. Throws `DamageError` when a finished one does not have
    /// its digest then.
    func apply(
        _ entry: ChangesFormat.Entry,
        of opener: borrowing RecordOpener,
        _ place: RecordPlace,
        _ id: FileID,
        onChange: ImageApplier.OnChange
    ) throws {
        let file = try files.file(id, at: path(id))
        var applier = applier(id)
        appliers[id] = nil
        let before = applier.overlay.byteCount
        try applier.apply(entry, of: opener.changes, data: opener.data, to: file.file, onChange: onChange)
        overlayBytes += applier.overlay.byteCount - before
        guard entry.event == nil || applier.digest == entry.digest else {
            throw place.damage("an image of file \(id) does not have the digest of its snapshot")
        }
        appliers[id] = applier
        if overlayBytes > Self.overlayBytes { try writeOverlays() }
    }

    private func applier(_ id: FileID) -> ImageApplier {
        appliers[id] ?? ImageApplier(tracksDigest: true, wanted: scan.pages[id])
    }

    private func writeOverlays() throws {
        for id in appliers.keys {
            let file = try files.file(id, at: path(id))
            try appliers[id]!.finish(file.file)
        }
        overlayBytes = 0
    }
}
