package import LinuxSystem
import RepositoryFormat

extension RetentionPolicy {
    /// Selects the moments of a root to keep, with the reasons. Does no I/O.
    ///
    /// Every snapshot of any file is a moment of the root. Each rule starts from the newest moment. These are
    /// always kept:
    /// 1. the newest moment;
    /// 2. every one with a hold, or with a tag (an automatic tag only for some time);
    /// 3. the last healthy snapshot of each file, as a state of that file; once the file is deleted, only for
    ///    as long as an automatic tag.
    ///
    /// A selection does not depend on the rejected moments: repeated among the kept ones, it is the same.
    /// - Returns: a set of reasons for each of `index.entries`, empty for those that no moment needs.
    package func moments(
        in index: SnapshotIndex,
        now: Instant,
        calendar: LocalCalendar
    ) -> [RetentionReasons] {
        var reasons = [RetentionReasons](repeating: [], count: index.entries.count)
        keepMarked(index, now, &reasons)
        // Snapshots that an earlier selection left as states of their file only are not moments to select.
        let places = index.entries.indices.filter { index.entries[$0].isConsistentPoint }
        let moments = places.map { index.entries[$0] }
        guard let newest = moments.last else { return reasons }
        var chosen = [RetentionReasons](repeating: [], count: moments.count)
        chosen[chosen.count - 1].insert(.newest)
        keepRecent(moments, since: within.flatMap { start(of: $0, before: min(now, newest.time)) }, &chosen)
        keepPeriods(moments, calendar, &chosen)
        for (place, chosen) in zip(places, chosen) { reasons[place].formUnion(chosen) }
        return reasons
    }

    /// Nil when there is no such time span.
    private func start(of span: Duration, before end: Instant) -> Instant? {
        guard span > .zero else { return nil }
        let (start, overflow) = end.nanoseconds.subtractingReportingOverflow(span.nanoseconds)
        return Instant(nanoseconds: overflow ? .min : start)
    }

    /// The index's tags that keep their snapshots: all but the expired automatic ones.
    func keepingTags(of index: SnapshotIndex, now: Instant) -> [String: SequenceNumber] {
        guard !index.automaticTags.isEmpty else { return index.tags }
        let start = startOfAutomaticTags(in: index, now)
        return index.tags.filter { name, _ in
            guard let time = index.automaticTags[name] else { return true }
            return start.map { time >= $0 } ?? false
        }
    }

    private static let automaticTags = Duration.seconds(30 * 86_400)

    /// Nil when automatic tags keep nothing.
    private func startOfAutomaticTags(in index: SnapshotIndex, _ now: Instant) -> Instant? {
        index.entries.last.flatMap {
            start(of: automaticTags ?? Self.automaticTags, before: min(now, $0.time))
        }
    }

    private func keepMarked(_ index: SnapshotIndex, _ now: Instant, _ reasons: inout [RetentionReasons]) {
        let tagged =
            tags.flatMap { index.tagTargets[$0] ?? [] } + keepingTags(of: index, now: now).values
        for (targets, reason) in [(tagged, RetentionReasons.tagged), (Array(index.holds), .held)] {
            let places = targets.compactMap { index.entries.lastIndex(atOrBefore: $0) }
            for place in places { reasons[place].insert(reason) }
        }
        keepLastGood(index, now, &reasons)
    }

    /// Databases that come and go would otherwise leave a state for each name that ever was.
    private func keepLastGood(_ index: SnapshotIndex, _ now: Instant, _ reasons: inout [RetentionReasons]) {
        guard index.verdicts.values.contains(true) else { return }
        let start = startOfAutomaticTags(in: index, now)
        var (seen, done): (Set<FileID>, Set<FileID>) = ([], [])
        for (place, entry) in index.entries.enumerated().reversed() {
            let isNewest = seen.insert(entry.file).inserted
            if isNewest, entry.event == .deleted, start.map({ entry.time < $0 }) ?? true {
                done.insert(entry.file)
            }
            if index.verdicts[entry.sequence] == true, done.insert(entry.file).inserted {
                reasons[place].insert(.lastGood)
            }
        }
    }

    private func keepRecent(
        _ entries: [SnapshotIndex.Entry],
        since horizon: Instant?,
        _ reasons: inout [RetentionReasons]
    ) {
        for place in entries.indices.suffix(max(0, last)) { reasons[place].insert(.last) }
        guard let horizon else { return }
        for place in entries.indices.reversed() {
            guard entries[place].time >= horizon else { return }
            reasons[place].insert(.within)
        }
    }

    private func keepPeriods(
        _ entries: [SnapshotIndex.Entry],
        _ calendar: LocalCalendar,
        _ reasons: inout [RetentionReasons]
    ) {
        var open = RetentionPeriod.allCases.map {
            (period: $0, left: $0.count(in: self), number: Int64?.none)
        }
        open.removeAll { $0.left <= 0 }
        for (place, entry) in entries.enumerated().reversed() {
            guard !open.isEmpty else { return }
            let offset = calendar.offsetSeconds(entry.time.unixSeconds)
            for rule in open.indices {
                let number = open[rule].period.number(of: entry.time, offsetSeconds: offset)
                guard number != open[rule].number else { continue }
                open[rule].number = number
                // Below zero: all periods were used, and this is one more.
                open[rule].left -= 1
                if open[rule].left >= 0 { reasons[place].insert(open[rule].period.reason) }
            }
            open.removeAll { $0.left < 0 }
        }
    }
}
