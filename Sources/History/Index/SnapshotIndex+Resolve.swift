package import LinuxSystem
package import RepositoryFormat

extension SnapshotIndex {
    /// The snapshots as of which the scope can be restored, oldest first.
    package func entries(in scope: HistoryScope) -> [Entry] {
        switch scope {
        case .root: entries.filter(\.isConsistentPoint)
        case .file(let file): entries.filter { $0.file == file }
        }
    }

    /// Finds the snapshot of a WHEN. For a root it counts the snapshots of all files, except those that
    /// retention has left as states of their file only.
    ///
    /// If the history is damaged, snapshots may be missing, and any count or time may lead to the wrong one.
    /// Then only a sequence is accepted. In an incomplete copy the missing part is known
    /// (`SnapshotIndex+Incomplete.swift`).
    ///
    /// Throws `WhenError`, and `HistoryError.uncertain` because of damage.
    package func resolve(
        _ when: When,
        in scope: HistoryScope,
        strictlyBefore: Bool,
        now: Instant
    ) throws -> Entry {
        if isIncomplete {
            return try resolveIncomplete(when, in: scope, strictlyBefore: strictlyBefore, now: now)
        }
        let entries = entries(in: scope)
        let index = try resolve(when, in: entries, strictlyBefore: strictlyBefore, now: now)
        if let damage = damage.first {
            guard when == .sequence(entries[index].sequence.rawValue), !strictlyBefore, scope != .root else {
                throw HistoryError.uncertain(damage, guess: entries[index], isRoot: scope == .root)
            }
        }
        return entries[index]
    }

    /// The file's newest snapshot not later than a sequence.
    package func entry(of file: FileID, atOrBefore sequence: SequenceNumber) -> Entry? {
        let entries = entries(in: .file(file))
        return entries.lastIndex(atOrBefore: sequence).map { entries[$0] }
    }

    /// The snapshot with that sequence, of any file.
    package func entry(at sequence: SequenceNumber) -> Entry? {
        let entry = entries.lastIndex(atOrBefore: sequence).map { entries[$0] }
        return entry?.sequence == sequence ? entry : nil
    }

    /// Each file's newest snapshot not later than a sequence, by file number.
    package func state(at sequence: SequenceNumber) -> [Entry] {
        var newest: [FileID: Entry] = [:]
        let end = entries.lastIndex(atOrBefore: sequence) ?? -1
        for entry in entries.prefix(end + 1) { newest[entry.file] = entry }
        return newest.values.sorted { $0.file < $1.file }
    }

    /// An index into `entries`, which are those of a scope.
    func resolve(
        _ when: When,
        in entries: [Entry],
        strictlyBefore: Bool,
        now: Instant
    ) throws(WhenError) -> Int {
        let moments = entries.map {
            SnapshotMoment(sequence: $0.sequence.rawValue, time: $0.time, isGood: verdicts[$0.sequence])
        }
        // If the clock was put back, snapshots may have times in the future.
        let present = entries.last.map { max(now, $0.time) } ?? now
        do throws(WhenError) {
            return try when.resolve(
                in: moments,
                tags: tags.mapValues { $0.rawValue },
                strictlyBefore: strictlyBefore,
                now: present,
                isOthers: { self.entry(at: SequenceNumber($0))?.isConsistentPoint ?? false }
            )
        } catch {
            guard case .unknownSequence(let sequence, let nearest) = error,
                let known = entry(at: SequenceNumber(sequence))
            else { throw error }
            if !known.isConsistentPoint { throw .noMoment(sequence, nearest: nearest) }
            guard let first = moments.first, first.sequence > sequence else { throw error }
            throw .notSeenYet(sequence, first: first)
        }
    }
}

extension [SnapshotIndex.Entry] {
    /// The index of the newest one that is not later than a sequence; nil if all are later.
    package func lastIndex(atOrBefore sequence: SequenceNumber) -> Int? {
        let later = partitioningIndex { $0.sequence > sequence }
        return later == 0 ? nil : later - 1
    }
}
