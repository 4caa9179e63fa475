import RepositoryFormat

/// Attributes that the records which are left must still say, while snapshots are removed.
///
/// A record counts as of its sequence and later ones, wherever it stands, but of two records of one name the
/// later one in the stream counts. So a record waits until a snapshot stays as of which it counts. One that
/// is followed by another of its name before that is dropped: no snapshot stays that had it.
struct PendingAttributes {
    struct Record {
        let header: RecordHeader
        let payload: [UInt8]
    }

    private var waiting: [AttributesRecord.Subject: (place: Int, record: Record)] = [:]
    private var count = 0
    /// The last snapshot that stays.
    private var lastKept: SequenceNumber

    /// `last`: the last snapshot before the first record.
    init(after last: SequenceNumber) { lastKept = last }

    /// Takes the next record. Returns it if it is to be written now.
    mutating func add(_ record: Record, of subject: AttributesRecord.Subject) -> Record? {
        waiting[subject] = nil
        guard record.header.firstSequence > lastKept else { return record }
        count += 1
        waiting[subject] = (count, record)
        return nil
    }

    /// A snapshot stays. Returns what is to be written behind it.
    mutating func keep(_ sequence: SequenceNumber) -> [Record] {
        lastKept = max(lastKept, sequence)
        return take { $0.header.firstSequence <= sequence }
    }

    /// All that waits, for nothing follows.
    mutating func takeAll() -> [Record] { take { _ in true } }

    private mutating func take(where isWanted: (Record) -> Bool) -> [Record] {
        let taken = waiting.filter { isWanted($0.value.record) }
        for subject in taken.keys { waiting[subject] = nil }
        return taken.values.sorted { $0.place < $1.place }.map(\.record)
    }
}
