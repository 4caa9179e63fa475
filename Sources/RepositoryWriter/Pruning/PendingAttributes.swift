import RepositoryFormat

/// Attributes that the remaining records must still contain while snapshots are removed.
///
/// A record applies to its sequence and later ones, wherever it is in the stream. Of two records of one name,
/// the later one in the stream applies. So a record is held back until a snapshot to which it applies is
/// kept. If another record of its name follows before that, it is dropped: no kept snapshot had it.
struct PendingAttributes {
    private var waiting: [AttributesRecord.Subject: (place: Int, record: HeldRecord)] = [:]
    private var count = 0
    /// The last snapshot that is kept.
    private var lastKept: SequenceNumber

    /// `last`: the last snapshot before the first record.
    init(after last: SequenceNumber) { lastKept = last }

    /// Takes the next record. Returns it if it must be written now.
    mutating func add(_ record: HeldRecord, of subject: AttributesRecord.Subject) -> HeldRecord? {
        waiting[subject] = nil
        guard record.header.firstSequence > lastKept else { return record }
        count += 1
        waiting[subject] = (count, record)
        return nil
    }

    /// A snapshot is kept. Returns the records to write after it.
    mutating func keep(_ sequence: SequenceNumber) -> [HeldRecord] {
        lastKept = max(lastKept, sequence)
        return take { $0.header.firstSequence <= sequence }
    }

    /// All held records, since no snapshot follows.
    mutating func takeAll() -> [HeldRecord] { take { _ in true } }

    private mutating func take(where isWanted: (HeldRecord) -> Bool) -> [HeldRecord] {
        let taken = waiting.filter { isWanted($0.value.record) }
        for subject in taken.keys { waiting[subject] = nil }
        return taken.values.sorted { $0.place < $1.place }.map(\.record)
    }
}
