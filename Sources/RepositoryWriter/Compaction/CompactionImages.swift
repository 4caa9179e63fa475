import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// The images of files while a segment's records are applied to them. Their files are sparse: they have only
/// the pages that records name. The digest of the whole image is kept beside them. So every changed page is
/// checked before and after, and the other pages need no space on the disk.
///
/// They continue from segment to segment. A page that is named for the first time is fetched from the file's
/// base.
final class CompactionImages {
    struct Image {
        var applier: ImageApplier
        /// The pages in the file. The others are as in the base, or zeros without one.
        var pages = PageBitmap()
    }

    /// The most that changed pages of all files may take in memory before they are written, in bytes.
    private static let overlayBytes = 2 << 20

    /// Adjacent pages are copied together up to about this size, in bytes.
    private static let copyBytes = 256 << 10

    let root: RootDescription
    private let directory: FilePath
    private let files = FilePool(mode: .updateOrCreate)
    private(set) var images: [FileID: Image] = [:]
    private let exchanged = ExchangedPage()
    var pageBuffer: [UInt8] = []
    private var overlayBytes = 0
    /// Files with pending pages in memory. Few of many: only these images are visited when the pages are
    /// written.
    private var waiting: Set<FileID> = []

    /// `directory` must not exist yet.
    init(_ root: RootDescription, in directory: FilePath) throws(SystemError) {
        self.root = root
        self.directory = directory
        try Directory.make(directory)
    }

    private func path(_ id: FileID) -> FilePath { directory.appending("\(id)") }

    private func file(_ id: FileID) throws(SystemError) -> SharedFile { try files.file(id, at: path(id)) }

    /// Prepares every image that the segment needs as of the start of the segment. Throws as `ImageRebuilder`
    /// does.
    func prepare(_ scan: SegmentScan) throws {
        let known = scan.pages.keys.filter { !scan.anew.contains($0) && scan.before.files[$0]?.last != nil }
        let unmet = known.filter { images[$0] == nil }
        let isEmpty = { id in scan.before.files[id]!.last!.shape.byteCount == 0 }
        for id in unmet where isEmpty(id) { begin(id, at: scan.before.files[id]!.last!) }
        try rebuild(unmet.filter { !isEmpty($0) }, scan)
        for id in known { try fetch(scan.pages[id]!, id) }
    }

    /// Rebuilds files that were not loaded so far: the pages that any record named since they began.
    private func rebuild(_ ids: [FileID], _ scan: SegmentScan) throws {
        guard !ids.isEmpty else { return }
        let plans = try RebuildPlans(
            root,
            wanted: Set(ids),
            upTo: scan.before.lastSequence,
            countingRemoved: true
        )
        let pass = try RebuildPass(root, plans)
        for id in ids {
            let plan = try plans.plan(id, at: scan.before.lastSequence)
            var pages = plan.pages
            pages.formUnion(scan.pages[id]!)
            _ = try OpenFile(path(id), .createNew)
            pass.add(id, plan, output: path(id), wanted: pages)
        }
        try pass.run()
        for id in ids {
            let rebuild = pass.rebuilds[id]!
            if let failure = rebuild.failure { throw failure }
            let state = scan.before.files[id]!.last!
            guard rebuild.applier.shape == state.shape else {
                let message = "the image of snapshot \(state.sequence) has another length"
                throw DamageError(path(id), at: 0, message)
            }
            begin(id, at: state, pages: rebuild.applier.wanted!)
            images[id]!.applier.base = rebuild.applier.base
            images[id]!.applier.shortestBytes = rebuild.applier.shortestBytes
        }
    }

    /// Begins the image of a file as of that snapshot, with the given pages.
    private func begin(_ id: FileID, at state: SnapshotState, pages: PageBitmap = PageBitmap()) {
        var applier = ImageApplier(tracksDigest: true, exchanged: exchanged)
        applier.overlay.reset(state.shape.pageSize, isEmpty: false)
        applier.shape = state.shape
        applier.digest = state.digest
        images[id] = Image(applier: applier, pages: pages)
    }

    /// Drops files that are deleted at the end of a segment, since names may come and go forever. A file that
    /// returns begins empty.
    func forgetGone(at end: HistoryTracker) {
        for id in Array(images.keys) where end.files[id]?.last?.isGone ?? false {
            images[id] = nil
            files.close(id)
            // A file that cannot be removed is empty.
            try? Directory.remove(path(id))
        }
    }

    /// Fetches those of the pages that are not in the file yet.
    private func fetch(_ pages: PageBitmap, _ id: FileID) throws {
        var missing = pages
        missing.subtract(images[id]!.pages)
        guard !missing.isEmpty else { return }
        images[id]!.pages.formUnion(missing)
        guard let (sequence, reference) = images[id]!.applier.base else { return }
        let file = try file(id)
        try images[id]!.applier.finish(file.file)
        let end = min(images[id]!.applier.shortestBytes, images[id]!.applier.shape!.byteCount)
        var base = try BaseReader(root.basePath(sequence, id), root: root.id, file: id, reference: reference)
        try base.copy(missing, to: file.file, upTo: end)
    }

    /// Begins images of the same content in another directory, as far as the segment needs them.
    func copy(for scan: SegmentScan, in directory: FilePath) throws -> CompactionImages {
        let copy = try CompactionImages(root, in: directory)
        var buffer: [UInt8] = []
        for (id, pages) in scan.pages {
            guard let image = images[id], let shape = image.applier.shape, !scan.anew.contains(id) else {
                continue
            }
            let (from, to) = (try file(id), try copy.file(id))
            try images[id]!.applier.finish(from.file)
            if waiting.contains(id) { copy.waiting.insert(id) }
            var next = PageNumber(1)
            while let page = pages.first(from: next), shape.validBytes(of: page) > 0 {
                let offset = page.byteOffset(pageSize: shape.pageSize)
                guard let data = from.file.nextData(from: offset)?.lowerBound, data < shape.byteCount else {
                    break
                }
                let firstData = PageNumber(UInt32(data / UInt64(shape.pageSize.bytes))).next ?? page
                if firstData > page {
                    next = firstData
                    continue
                }
                var count = 0
                // Adjacent pages together.
                next = page
                while pages.contains(next), count < Self.copyBytes, shape.validBytes(of: next) > 0 {
                    count += shape.validBytes(of: next)
                    guard let following = next.next else { break }
                    next = following
                }
                if buffer.count < count { buffer.append(zeros: count - buffer.count) }
                let got = try from.file.read(into: &buffer, count: count, at: offset)
                try to.file.write(unsafe buffer.span.bytes.extracting(0..<got), at: offset)
            }
            try to.file.truncate(to: shape.byteCount)
            copy.images[id] = Image(applier: images[id]!.applier, pages: pages)
        }
        return copy
    }

    /// Reads a page of a file's image into the front of `buffer`.
    func read(_ number: UInt32, of id: FileID, into buffer: inout [UInt8]) throws(SystemError) {
        guard let image = images[id], let shape = image.applier.shape else { return }
        let file = try file(id)
        try ImageApplier.read(number, image.applier.overlay, shape.pageSize.bytes, file.file, into: &buffer)
    }

    /// Starts a file from the pages of a base that the segment names.
    func apply(
        _ reference: BaseReference,
        _ sequence: SequenceNumber,
        _ id: FileID,
        _ pages: PageBitmap
    ) throws {
        let base = try BaseReader(root.basePath(sequence, id), root: root.id, file: id, reference: reference)
        let file = try file(id)
        var applier = ImageApplier(tracksDigest: true, wanted: pages, exchanged: exchanged)
        try applier.apply(base: base, sequence, reference, to: file.file)
        images[id] = Image(applier: applier.wantingAll(), pages: pages)
    }

    /// Decompresses the page data of a record of the file.
    func open(_ opener: inout RecordOpener, _ payload: RawSpan, _ place: RecordPlace, _ id: FileID) throws {
        if images[id] == nil {
            images[id] = Image(applier: ImageApplier(tracksDigest: true, exchanged: exchanged))
        }
        let file = try file(id)
        try opener.open(payload, place, from: images[id]!.applier, file.file)
    }

    /// Applies an entry of the record that was decompressed last. Throws `DamageError` when the digest of a
    /// finished one does not match then.
    func apply(
        _ entry: ChangesFormat.Entry,
        of opener: borrowing RecordOpener,
        _ place: RecordPlace,
        _ id: FileID,
        onChange: ImageApplier.OnChange
    ) throws {
        let file = try file(id)
        waiting.insert(id)
        let before = images[id]!.applier.overlay.byteCount
        try images[id]!.applier.apply(
            entry,
            of: opener.changes,
            data: opener.data,
            to: file.file,
            onChange: onChange
        )
        overlayBytes += images[id]!.applier.overlay.byteCount - before
        guard entry.event == nil || images[id]!.applier.digest == entry.digest else {
            throw place.damage("an image of file \(id) does not have the digest of its snapshot")
        }
        if overlayBytes > Self.overlayBytes { try writeOverlays() }
    }

    /// Writes the pending pages and frees their memory.
    func writeOverlays() throws {
        for id in waiting where images[id]?.applier.overlay.isAhead ?? false {
            let file = try file(id)
            try images[id]!.applier.finish(file.file)
        }
        // The images are kept until the next segment is full.
        for id in waiting {
            guard let shape = images[id]?.applier.shape else { continue }
            images[id]!.applier.overlay = PageOverlay()
            images[id]!.applier.overlay.reset(shape.pageSize, isEmpty: false)
        }
        waiting.removeAll()
        overlayBytes = 0
    }
}
