package import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// A directory of a root as of a moment, or before that.
package struct FormerDirectory: Hashable, Sendable {
    package let attributes: FileAttributes
    /// Whether it existed at the moment; otherwise the attributes are its last ones.
    package let isThere: Bool

    package init(attributes: FileAttributes, isThere: Bool) {
        self.attributes = attributes
        self.isThere = isThere
    }
}

/// The attributes of a root's files and directories as of a moment.
package struct FormerAttributes: Hashable, Sendable {
    package private(set) var files: [FileID: FileAttributes] = [:]
    /// By their names relative to the root; that of the root itself is empty.
    package private(set) var directories: [FilePath: FormerDirectory] = [:]

    /// `isLate`: the record came after the moment, and applies only if no other is known.
    mutating func add(_ subject: AttributesRecord.Subject, _ attributes: FileAttributes?, isLate: Bool) {
        switch subject {
        case .file(let file): if !isLate || files[file] == nil { files[file] = attributes }
        case .directory(let name):
            let known = directories[name]
            guard !isLate || known == nil, let last = attributes ?? known?.attributes else { return }
            directories[name] = FormerDirectory(attributes: last, isThere: attributes != nil && !isLate)
        }
    }
}

extension FormerAttributes {
    /// The same without set-user-ID and set-group-ID.
    fileprivate var withoutSetID: Self {
        var other = self
        for (file, known) in files {
            other.files[file] = known.withPermissions(known.ownership.permissions & 0o1777)
        }
        for (name, known) in directories {
            let permissions = known.attributes.ownership.permissions & 0o1777
            other.directories[name] = FormerDirectory(
                attributes: known.attributes.withPermissions(permissions),
                isThere: known.isThere
            )
        }
        return other
    }
}

/// All attributes in a history, in the order of the stream. Repeated ones are stored once.
struct AttributesHistory: Sendable {
    private struct Entry {
        let sequence: SequenceNumber
        let time: Instant
        let modified: Int64
        /// An index into `subjects`.
        let subject: Int32
        /// An index into `styles`; -1: the directory was removed.
        let style: Int32
    }

    private var entries: [Entry] = []
    private var subjects = NumberedValues<AttributesRecord.Subject>()
    /// Without their times.
    private var styles = NumberedValues<FileAttributes>()

    var count: Int { entries.count }

    mutating func add(_ record: AttributesRecord) {
        entries.append(
            Entry(
                sequence: record.sequence,
                time: record.time,
                modified: record.attributes?.modified ?? 0,
                subject: subjects.number(of: record.subject),
                // With its own time each file would have a style of its own.
                style: record.attributes.map {
                    styles.number(of: $0.modified == nil ? $0 : $0.with(modified: 0))
                } ?? -1
            )
        )
    }

    /// The last attributes of each name as of `sequence`. Records with that very sequence must be among the
    /// first `limit` records, and not later than `time`. Records with an earlier sequence always apply,
    /// whatever the clock showed. If a name has only later records, the first of these applies.
    func state(
        at sequence: SequenceNumber,
        first limit: Int?,
        notAfter time: Instant?
    ) -> FormerAttributes {
        var state = FormerAttributes()
        for (place, entry) in entries.enumerated() where entry.sequence <= sequence {
            let attributes = entry.style < 0 ? nil : styles.values[Int(entry.style)]
            let isTimed = attributes?.modified != nil
            let isBehind = place >= limit ?? .max || time.map { entry.time > $0 } ?? false
            state.add(
                subjects.values[Int(entry.subject)],
                isTimed ? attributes?.with(modified: entry.modified) : attributes,
                isLate: isBehind && entry.sequence == sequence
            )
        }
        return state
    }
}

/// Values that are each stored once, by their numbers.
private struct NumberedValues<Value: Hashable & Sendable>: Sendable {
    private(set) var values: [Value] = []
    private var numbers: [Value: Int32] = [:]

    mutating func number(of value: Value) -> Int32 {
        if let known = numbers[value] { return known }
        let number = Int32(values.count)
        values.append(value)
        numbers[value] = number
        return number
    }
}

extension FileAttributes {
    fileprivate func with(modified: Int64) -> Self {
        var other = self
        other.modified = modified
        return other
    }
}

extension SnapshotIndex {
    /// The attributes of files and directories as of a snapshot.
    ///
    /// A change of attributes alone makes no snapshot. So several records may follow a snapshot before the
    /// next one. The last of them applies. If a tag or a time was requested, the last one before that
    /// applies.
    ///
    /// - Parameter when: the WHEN that selected the snapshot.
    package func attributes(at sequence: SequenceNumber, asked when: When? = nil) -> FormerAttributes {
        let (limit, time): (Int?, Instant?) =
            switch when {
            case .name(let name, _): (tags[name] == sequence ? tagPlaces[name] : nil, nil)
            case .instant(let time): (nil, time)
            default: (nil, nil)
            }
        let state = attributes.state(at: sequence, first: limit, notAfter: time)
        // Another owner of the history must not create programs that run as somebody else.
        let isOwn = FileStatus.ifPresent(root.directory)?.ownerID == CurrentProcess.userID
        return isOwn ? state : state.withoutSetID
    }
}
