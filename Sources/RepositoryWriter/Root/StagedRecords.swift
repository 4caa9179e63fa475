import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// The records that the next flush writes, in their order. Everything here is memory and cannot fail.
struct StagedRecords {
    /// Batches are kept for reuse up to this much memory, in bytes.
    private static let spareBytes = 5 << 20

    private(set) var records: [StagedRecord] = []
    /// Bytes of the records' pages, and of their former content.
    private(set) var pageBytes = 0
    /// The time of the last staged record, by the clock.
    private(set) var lastTime: Instant
    /// The last staged snapshot.
    private(set) var lastSequence: SequenceNumber
    /// The kinds of files with a staged snapshot other than a baseline.
    private var changedKinds: Set<FileKind> = []
    private var clock = ClockWatch()
    /// Batches whose memory is reused.
    private var spareBatches: [ChangeBatch] = []

    /// Both are the stream's last ones.
    init(after lastSequence: SequenceNumber, _ lastTime: Instant) {
        self.lastSequence = lastSequence
        self.lastTime = lastTime
    }

    /// Stages a record of that time, or of the last record's.
    mutating func append(_ content: StagedRecord.Content, time: Instant? = nil) {
        records.append(StagedRecord(content: content, time: time ?? lastTime))
    }

    /// The time of the next staged record. If the clock was set since, that is staged first.
    mutating func noting(_ time: Instant) -> Instant {
        if let step = clock.record(.now, .sinceBoot) { append(.annotation(Annotation(step)), time: step.to) }
        lastTime = time
        return time
    }

    /// The batch for the entry: the last one if it is of the same file and has room, else a new one.
    mutating func batch(
        for image: FileImage,
        _ entry: ChangesFormat.Entry,
        rawBytes: Int,
        alone: Bool
    ) -> ChangeBatch {
        if !alone, case .changes(let last) = records.last?.content, last.file == image.id,
            last.pageSize == entry.shape.pageSize, last.hasRoom(for: rawBytes, at: entry.time)
        {
            return last
        }
        let before = entry.startsFresh ? nil : image.shape
        return newBatch(image, before: before, entry, continues: image.hasOpenParts)
    }

    mutating func newBatch(
        _ image: FileImage,
        before: ImageSize?,
        _ entry: ChangesFormat.Entry,
        continues: Bool
    ) -> ChangeBatch {
        let batch = spareBatches.popLast() ?? ChangeBatch()
        batch.begin(image.id, entry.shape.pageSize, before: before, continues: continues, time: entry.time)
        append(.changes(batch), time: entry.time)
        return batch
    }

    /// Ends an entry. If the entry is finished, this ends the snapshot, which is returned.
    mutating func end(
        _ batch: ChangeBatch,
        _ entry: ChangesFormat.Entry,
        _ numbers: ArraySlice<UInt32>,
        _ image: FileImage
    ) -> SnapshotState? {
        guard let state = SnapshotState(lastSequence.next, entry) else {
            batch.endEntry(entry, numbers: numbers, sequence: nil)
            image.hasOpenParts = true
            return nil
        }
        lastSequence = state.sequence
        batch.endEntry(entry, numbers: numbers, sequence: lastSequence)
        image.hasOpenParts = false
        image.unfinished = nil
        image.isPresent = state.event != .deleted
        return state
    }

    /// A page was added to a batch, or its former content.
    mutating func count(pageBytes: Int) { self.pageBytes += pageBytes }

    /// A snapshot of a file of that kind ended. It is no baseline.
    mutating func noteChange(of kind: FileKind) { changedKinds.insert(kind) }

    /// A program may write a file and a row that names it in either order. If a database and a plain file
    /// changed within one flush, only the flush's end is a moment of the root.
    func joinMoments() {
        guard changedKinds.count > 1 else { return }
        for case .changes(let batch) in records.lazy.map(\.content) {
            batch.withdrawMoments(keepingLast: batch.lastSequence == lastSequence)
        }
    }

    /// Everything staged is durable: returns it, and begins anew.
    mutating func takeAll() -> [StagedRecord] {
        let written = records
        records.removeAll(keepingCapacity: true)
        changedKinds = []
        pageBytes = 0
        return written
    }

    /// Keeps the memory of written batches that no image needs any more.
    mutating func recycle(_ written: [StagedRecord], isUnused: (ChangeBatch) -> Bool) {
        for record in written {
            guard case .changes(let batch) = record.content, isUnused(batch),
                spareBatches.reduce(batch.capacity, { $0 + $1.capacity }) <= Self.spareBytes
            else { continue }
            spareBatches.append(batch)
        }
    }
}
