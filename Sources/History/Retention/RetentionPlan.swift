package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader

/// A user's retention rules.
package struct RetentionRules: Hashable, Sendable, Codable {
    package var policy: RetentionPolicy
    /// The most bytes that the root may take on the repository's disk, mirrors included; nil for no limit.
    package var maximumBytes: UInt64?

    package init(policy: RetentionPolicy = .standard, maximumBytes: UInt64? = nil) {
        self.policy = policy
        self.maximumBytes = maximumBytes
    }
}

/// Why a root is not pruned.
package enum RetentionError: Error, Hashable, Sendable {
    /// The policy has no rule.
    case keepsNothing
    /// A rule might have kept the damaged part.
    case damaged(Finding)
}

extension RetentionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .keepsNothing: "the policy keeps nothing: say at least one --keep option above 0, or none at all"
        case .damaged(let finding):
            "damage in \(finding.file.printable) at byte \(finding.offset): \(finding.message): "
                + "nothing is removed from a damaged history: run \(SuggestedCommand("check")), then \(SuggestedCommand("repair"))"
        }
    }
}

/// The kept and removed snapshots of a root under some rules. Nothing is changed.
package struct RetentionPlan: Sendable {
    package let rules: RetentionRules
    package let index: SnapshotIndex
    /// The stored bytes of each of the index's entries.
    package let storedBytes: [UInt64]
    package let selection: RetentionSelection
    /// The root's size on the disk, in bytes, before any removal.
    package let totalBytes: UInt64
    /// The result of the limit; nil without one.
    package let limit: SizeLimit.Outcome?
    /// The tags that keep their snapshots.
    let keepingTags: [String: SequenceNumber]
    /// The entries at which the root as a whole remains restorable, ascending.
    let momentPlaces: [Int]

    /// Reads the history, beside a writer or as the writer, and decides. Throws `RetentionError`,
    /// `RepositoryError.unsupported`, or `SystemError`.
    package init(
        _ root: RootDescription,
        _ rules: RetentionRules,
        now: Instant = .now,
        calendar: LocalCalendar = .system
    ) throws {
        guard !rules.policy.isEmpty else { throw RetentionError.keepsNothing }
        let (index, storedBytes) = try ReplacedSegmentError.retrying {
            var index = SnapshotIndex(root: root)
            var storedBytes: [UInt64] = []
            try RootHistory(root).visit { event in
                index.add(event)
                if case .snapshot(let record) = event { storedBytes.append(record.storedBytes) }
            }
            index.complete()
            return (index, storedBytes)
        }
        if let damage = index.damage.first { throw RetentionError.damaged(damage) }
        let total = RootStorage(root).disk.total
        var moments = rules.policy.moments(in: index, now: now, calendar: calendar)
        limit = rules.maximumBytes.map {
            SizeLimit(maximumBytes: $0).prune(
                index.entries,
                moments: moments,
                storedBytes: storedBytes,
                totalBytes: total
            )
        }
        if let limit { moments = limit.moments }
        self.rules = rules
        keepingTags = rules.policy.keepingTags(of: index, now: now)
        self.index = index
        self.storedBytes = storedBytes
        totalBytes = total
        selection = RetentionSelection(index.entries, moments: moments)
        momentPlaces = index.entries.indices.filter(selection.isConsistentPoint)
    }

    /// The kept snapshots.
    package var kept: KeptSnapshots {
        KeptSnapshots(
            index.entries.indices.lazy.filter(selection.keeps).map {
                (sequence: index.entries[$0].sequence, isConsistentPoint: selection.isConsistentPoint($0))
            },
            upTo: index.entries.last?.sequence ?? .none
        )
    }

    /// The removed and kept snapshots of one file.
    package struct Share: Hashable, Sendable {
        package let file: FileID
        package fileprivate(set) var kept = 0
        package fileprivate(set) var removed = 0
        /// The stored bytes of the removed ones. Pages that later snapshots need are kept, so this is the
        /// most that their removal can free.
        package fileprivate(set) var removedBytes: UInt64 = 0
        /// The removed ones, as ranges of consecutive snapshots of the file.
        package fileprivate(set) var runs: [ClosedRange<SequenceNumber>] = []
        fileprivate var isInRun = false
    }

    /// By file number.
    package var shares: [Share] {
        var shares: [FileID: Share] = [:]
        for (place, entry) in index.entries.enumerated() {
            shares[entry.file, default: Share(file: entry.file)].add(
                entry.sequence,
                isKept: selection.keeps(place),
                storedBytes[place]
            )
        }
        return shares.values.sorted { $0.file < $1.file }
    }
}

extension RetentionPlan.Share {
    fileprivate mutating func add(_ sequence: SequenceNumber, isKept: Bool, _ storedBytes: UInt64) {
        defer { isInRun = !isKept }
        guard !isKept else {
            kept += 1
            return
        }
        removed += 1
        removedBytes.addSaturated(storedBytes)
        if isInRun, let run = runs.popLast() {
            runs.append(run.lowerBound...sequence)
        } else {
            runs.append(sequence...sequence)
        }
    }
}
