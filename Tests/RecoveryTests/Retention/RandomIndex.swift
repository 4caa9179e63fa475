import TestSupport

@testable import History
@testable import RepositoryFormat
@testable import RepositoryReader

extension SnapshotIndex {
    /// A history of some files over the end of summer time in Berlin in 2026, with runs of equal times,
    /// pauses of up to weeks, deletions, tags, holds and verdicts.
    static func random(_ random: inout SeededRandom, files: UInt32, count: Int) -> SnapshotIndex {
        let steps: [Int64] = [0, 1, 60, 1800, 3600, 20_000, 86_400, 900_000]
        var time: Int64 = 1_792_890_000 - 30 * 86_400
        var events: [HistoryEvent] = []
        var alive: Set<UInt32> = []
        for sequence in 1...UInt64(count) {
            let step = steps.randomElement(using: &random)!
            time += Int64.random(in: 0...step, using: &random)
            let file = UInt32.random(in: 1...files, using: &random)
            let isGoing = alive.contains(file) && Int.random(in: 0..<4, using: &random) == 0
            if isGoing { alive.remove(file) } else { alive.insert(file) }
            events.append(.at(time, sequence, of: file, isGoing ? .deleted : .commit))
            switch Int.random(in: 0..<30, using: &random) {
            case 0: events.append(.tag("t\(Int.random(in: 0...3, using: &random))", sequence))
            case 1: events.append(.hold(sequence))
            case 2: events.append(.release(.random(in: 1...sequence, using: &random)))
            case 3: events.append(.verdict("good", sequence))
            case 4: events.append(.verdict("bad", sequence))
            default: break
            }
        }
        return .madeUp(events)
    }

    /// The history that is left, with all that is said about it.
    func pruned(to selection: RetentionSelection) -> SnapshotIndex {
        let snapshots = entries.indices.filter(selection.keeps).map { place in
            let entry = entries[place]
            return HistoryEvent.at(
                entry.time.unixSeconds,
                entry.sequence.rawValue,
                of: entry.file.rawValue,
                entry.event,
                isMoment: selection.isConsistentPoint(place)
            )
        }
        let tags = tagTargets.flatMap { name, targets in targets.map { HistoryEvent.tag(name, $0.rawValue) } }
        let verdicts = verdicts.map { HistoryEvent.verdict($1 ? "good" : "bad", $0.rawValue) }
        return .madeUp(snapshots + tags + verdicts + holds.map { .hold($0.rawValue) })
    }
}
