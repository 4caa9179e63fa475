import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// Staged changes of one file that become one record: consecutive snapshots, and parts of unfinished ones.
///
/// Besides the new pages it has the former content of the record's pages: the prefix of its frame.
final class ChangeBatch {
    /// A longer record is not begun. A longer snapshot is split into parts. In bytes of pages.
    static let maximumRawBytes = 2 << 20
    static let maximumTableBytes = 1 << 20

    private(set) var file = FileID.root
    private(set) var pageSize = PageSize.plain
    private(set) var time = Instant(nanoseconds: 0)
    private var lastTime = Instant(nanoseconds: 0)
    private(set) var firstSequence = SequenceNumber.none
    /// Of the last snapshot in it; `.none` when it has none.
    private(set) var lastSequence = SequenceNumber.none
    private(set) var entryCount = 0
    /// The positions of each snapshot's flags in the table.
    private var snapshotFlags: [Int] = []
    private(set) var table: [UInt8] = []
    /// The new pages in the order of the table.
    private(set) var raw: [UInt8] = []
    /// The pages of the image before the batch; only they have a place in the prefix.
    private(set) var pageCountBefore = PageCount(0)
    private var shapeBefore: ImageSize?
    private(set) var prefixNumbers: [UInt32] = []
    private(set) var prefix: [UInt8] = []
    private(set) var hasPrefix = false
    private var continues = false
    private var endsUnfinished = false
    /// Nothing may follow in this batch: pages that are added again after the image became shorter are not in
    /// its prefix.
    private(set) var isClosed = false

    /// Starts over, keeping memory. `before`: the image's size; nil when the frame has no prefix.
    func begin(_ file: FileID, _ pageSize: PageSize, before: ImageSize?, continues: Bool, time: Instant) {
        self.file = file
        self.pageSize = pageSize
        self.time = time
        lastTime = time
        firstSequence = .none
        lastSequence = .none
        entryCount = 0
        snapshotFlags.removeAll(keepingCapacity: true)
        table.removeAll(keepingCapacity: true)
        raw.removeAll(keepingCapacity: true)
        prefixNumbers.removeAll(keepingCapacity: true)
        prefix.removeAll(keepingCapacity: true)
        pageCountBefore = before?.pageCount ?? PageCount(0)
        shapeBefore = before
        hasPrefix = before != nil
        self.continues = continues
        endsUnfinished = false
        isClosed = false
    }

    /// How many bytes of the page the image had before the batch. The rest of the page counts as zeros.
    func validBytesBefore(of number: UInt32) -> Int {
        shapeBefore?.validBytes(of: PageNumber(number)) ?? 0
    }

    /// Whether a snapshot with this many bytes of pages can be added. In a record, times never decrease.
    func hasRoom(for rawBytes: Int, at time: Instant) -> Bool {
        !isClosed && time >= lastTime && table.count < Self.maximumTableBytes
            && (raw.isEmpty || raw.count + rawBytes <= Self.maximumRawBytes)
    }

    /// Adds a page and returns its position in `raw`. The table entry follows with `endEntry`.
    func append(_ content: RawSpan) -> Int {
        raw.append(contentsOf: content)
        return raw.count - content.byteCount
    }

    /// Adds the former content of a page that is new in this batch.
    func appendPrefix(_ number: UInt32, _ content: RawSpan) {
        prefixNumbers.append(number)
        prefix.append(contentsOf: content)
    }

    func endEntry(_ entry: ChangesFormat.Entry, numbers: ArraySlice<UInt32>, sequence: SequenceNumber?) {
        let flags = table.append(entry: entry, numbers: numbers, after: lastTime)
        lastTime = entry.time
        entryCount += 1
        endsUnfinished = entry.event == nil
        guard let sequence else { return }
        if firstSequence == .none { firstSequence = sequence }
        lastSequence = sequence
        snapshotFlags.append(flags)
    }

    /// Makes its snapshots states of their file only, except the last one if `keepingLast` is true.
    func withdrawMoments(keepingLast: Bool) {
        for place in snapshotFlags.dropLast(keepingLast ? 1 : 0)
        where table[place] & ChangesFormat.EntryFlag.scope == ChangesFormat.Scope.consistentPoint.rawValue {
            table[place] |= ChangesFormat.Scope.fileOnly.rawValue
        }
    }

    func close() { isClosed = true }

    var flags: UInt8 {
        (continues ? ChangesFormat.Flag.continues : 0)
            | (endsUnfinished ? ChangesFormat.Flag.isUnfinished : 0)
            | (prefixNumbers.isEmpty ? ChangesFormat.Flag.noPrefix : 0)
    }

    /// The memory that it keeps for reuse, in bytes.
    var capacity: Int { raw.capacity + prefix.capacity + table.capacity }
}
