import FoundationEssentials
package import LinuxSystem
package import RepositoryFormat

/// The history's record of a recovery: an annotation of the snapshot with the result.
package struct RecoveryEntry: Sendable {
    package enum Action: String, CaseIterable, Sendable { case restore, undo, rows }

    /// The changed rows of a table.
    package struct Table: Hashable, Sendable, Codable {
        package let path: String
        package let table: String
        /// The number of rows that no longer exist.
        package let lost: Int
        /// The number of rows that exist again.
        package let regained: Int
        /// The number of rows with other values now.
        package let changed: Int

        package init(path: String, table: String, lost: Int, regained: Int, changed: Int) {
            self.path = path
            self.table = table
            self.lost = lost
            self.regained = regained
            self.changed = changed
        }
    }

    package let action: Action
    package let time: Instant
    /// The first snapshot with the result; `.none` as long as it is not captured.
    package var result: SequenceNumber
    /// The snapshot that was restored.
    package let at: SequenceNumber
    /// For each restored file, the root's snapshot with its state before.
    package let before: [FileID: SequenceNumber]
    package let tables: [Table]
    /// From the command to the last change.
    package let elapsed: Duration
    /// The reason, in the user's words.
    package let reason: String

    package init(
        _ action: Action,
        time: Instant,
        result: SequenceNumber,
        at: SequenceNumber,
        before: [FileID: SequenceNumber],
        tables: [Table],
        elapsed: Duration,
        reason: String
    ) {
        self.action = action
        self.time = time
        self.result = result
        self.at = at
        self.before = before
        self.tables = tables
        self.elapsed = elapsed
        self.reason = reason
    }
}

// As an annotation: its fields are texts.
extension RecoveryEntry {
    /// Nil unless the annotation is that of a restore, and complete. `files`: all numbers of files,
    /// ascending.
    package init?(_ annotation: Annotation, among files: [FileID]) {
        let fields = annotation.fields
        guard annotation.kind == .restore, let action = fields["action"].flatMap(Action.init),
            let at = fields["at"].flatMap(UInt64.init),
            let before = fields["before"].flatMap({ FileSnapshots($0, among: files) })
        else { return nil }
        let tables = fields["tables"].map { Data($0.utf8) }
        self.init(
            action,
            time: annotation.time,
            result: annotation.target,
            at: SequenceNumber(at),
            before: before.snapshots,
            tables: tables.flatMap { try? JSONDecoder().decode([Table].self, from: $0) } ?? [],
            elapsed: .milliseconds(fields["elapsed_ms"].flatMap(Int64.init) ?? 0),
            reason: fields["reason"] ?? ""
        )
    }

    /// The snapshot that it annotates; nil for the newest when it is recorded.
    package var target: SequenceNumber? { result == .none ? nil : result }

    package var request: AnnotationRequest {
        get throws {
            var fields = [
                "action": action.rawValue,
                "at": at.description,
                "before": FileSnapshots(before).text,
                "elapsed_ms": String(elapsed.nanoseconds / 1_000_000),
            ]
            if !tables.isEmpty {
                fields["tables"] = String(decoding: try JSONEncoder().encode(tables), as: UTF8.self)
            }
            if !reason.isEmpty { fields["reason"] = reason }
            return AnnotationRequest(.restore, target: target, fields: fields)
        }
    }
}

/// A snapshot for each of some files, as text: `42:1-9,12 57:10`, the snapshot before the numbers of its
/// files.
struct FileSnapshots: Hashable {
    let snapshots: [FileID: SequenceNumber]

    init(_ snapshots: [FileID: SequenceNumber]) {
        self.snapshots = snapshots
    }

    /// `files`: all numbers of files, ascending. A short text may name billions; only these are kept.
    init?(_ text: String, among files: [FileID]) {
        var snapshots: [FileID: SequenceNumber] = [:]
        for group in text.split(separator: " ") {
            let parts = group.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let sequence = UInt64(parts[0]) else { return nil }
            for range in parts[1].split(separator: ",") {
                let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
                guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
                    first <= last,
                    // More than any root has: Holdfast did not write this text.
                    last - first < 1 << 24
                else { return nil }
                let start = files.partitioningIndex { $0.rawValue >= first }
                let named = files[start...].prefix { $0.rawValue <= last }
                for file in named { snapshots[file] = SequenceNumber(sequence) }
            }
        }
        self.snapshots = snapshots
    }

    package var text: String {
        let groups = Dictionary(grouping: snapshots.keys) { snapshots[$0]! }.sorted { $0.key < $1.key }
        return groups.map { sequence, files in
            var ranges: [ClosedRange<UInt32>] = []
            for number in files.map(\.rawValue).sorted() {
                if let last = ranges.last, last.upperBound + 1 == number {
                    ranges[ranges.count - 1] = last.lowerBound...number
                } else {
                    ranges.append(number...number)
                }
            }
            let list = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            return "\(sequence):" + list.joined(separator: ",")
        }
        .joined(separator: " ")
    }
}
