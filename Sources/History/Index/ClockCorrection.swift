package import LinuxSystem
package import RepositoryFormat

/// What the right clock said at each snapshot. The stream has what the clock did say, which may have been
/// wrong for a while: a time must mean what a person means by it, and never decrease along the sequence.
/// Pure.
///
/// The clock that was set last is taken for the right one. Where a writer saw it being set back, all
/// before that was ahead by as much; where it did not run then, by so much that nothing is later than
/// what came after it. A clock was behind instead when it was put forward again later, or when it was
/// before the year 2020, as clocks without a battery are.
package struct ClockCorrection: Sendable {
    /// 2020-01-01T00:00:00Z, in nanoseconds: a clock that says less was not set.
    private static let leastTime: Int64 = 1_577_836_800_000_000_000

    /// In nanoseconds since 1970, one for each snapshot.
    private var times: [Int64]
    /// Where the clock was seen being set, and by how much: before the snapshot of that index.
    private let steps: [(place: Int, nanoseconds: Int64)]

    /// - Parameters:
    ///   - times: what the clock said at each snapshot, in the order of the stream.
    ///   - steps: how it was set, and how many snapshots come before that; ascending.
    /// - Returns: as many times, which never decrease; nil when all are right as they are.
    package static func correct(
        _ times: some RandomAccessCollection<Instant>,
        steps: [(place: Int, step: ClockStep)]
    ) -> [Instant]? {
        guard zip(times, times.dropFirst()).contains(where: >) else { return nil }
        let known = steps.compactMap { place, step in step.nanoseconds.map { (place, $0) } }
        var correction = Self(times: times.map(\.nanoseconds), steps: known)
        correction.applySteps()
        correction.settle()
        return correction.times.map { Instant(nanoseconds: $0) }
    }

    private init(times: [Int64], steps: [(place: Int, nanoseconds: Int64)]) {
        self.times = times
        self.steps = steps
    }

    /// Undoes what writers saw. A step tells of what came before it as far back as the times increase:
    /// where they do not, nobody saw what happened in between.
    ///
    /// A step forward alone says nothing, for the machine may have stood still. But where the clock had
    /// been set back before, it was behind in between.
    private mutating func applySteps() {
        var end = times.count
        var sum: Int64 = 0
        for (place, step) in steps.reversed() {
            let isWhole = shift(place..<end, by: sum, wasSetBack: step < 0)
            sum = isWhole ? sum.addingSaturated(step) : step
            end = place
        }
        _ = shift(0..<end, by: sum, wasSetBack: false)
    }

    /// Moves the times of a range, from the last place on where they decrease. Returns whether that is
    /// all of it. `wasSetBack`: the clock was, right before the range.
    private mutating func shift(_ range: Range<Int>, by sum: Int64, wasSetBack: Bool) -> Bool {
        let start = range.dropFirst().last { times[$0] < times[$0 - 1] } ?? range.lowerBound
        let isWhole = start == range.lowerBound
        guard sum < 0 || (sum > 0 && wasSetBack && isWhole) else { return isWhole }
        for place in start..<range.upperBound { times[place] = times[place].addingSaturated(sum) }
        return isWhole
    }

    /// Resolves each place where the time still decreases: either what came before it was ahead, or what
    /// comes after it is behind.
    private mutating func settle() {
        // The places whose times stand, with times that never decrease.
        var standing: [Int] = []
        var place = 0
        while place < times.count {
            guard let last = standing.last, times[last] > times[place] else {
                standing.append(place)
                place += 1
                continue
            }
            let firstAhead = standing.partitioningIndex { times[$0] > times[place] }
            if let end = endOfBehind(from: place, standing, firstAhead) {
                moveForward(place..<end, after: times[last])
                standing.append(contentsOf: place..<end)
                place = end
            } else {
                moveBack(&standing, firstAhead, before: times[place])
            }
        }
        for place in times.indices.dropLast().reversed() {
            times[place] = min(times[place], times[place + 1])
        }
    }

    /// Where what is behind ends, if that is the better explanation. It must be shorter than what would have
    /// been ahead. So little time passed in it that the clock was put forward at its end, and by more than
    /// before the other.
    private func endOfBehind(from place: Int, _ standing: [Int], _ firstAhead: Int) -> Int? {
        let highest = times[standing.last!]
        if times[place] < Self.leastTime, highest >= Self.leastTime {
            return times[place...].firstIndex { $0 >= Self.leastTime } ?? times.count
        }
        let candidates = times[place...].prefix(standing.count - firstAhead)
        guard let end = candidates.firstIndex(where: { $0 >= highest }) else { return nil }
        let before = firstAhead > 0 ? standing[firstAhead - 1] : nil
        let forwardBefore = before.map { times[standing[firstAhead]].distance(after: times[$0]) } ?? 0
        let forwardAfter = times[end].distance(after: times[end - 1])
        let passed = times[end - 1].distance(after: times[place])
        guard passed <= times[end].distance(after: highest), forwardAfter / 2 >= forwardBefore else {
            return nil
        }
        return end
    }

    /// Moves the times of a range forward so that they end where the next one is, or begin at `start`
    /// when there is none.
    private mutating func moveForward(_ range: Range<Int>, after start: Int64) {
        let isLast = range.upperBound == times.count
        let step =
            isLast || times[range.upperBound] < start
            ? start.distance(after: times[range.lowerBound])
            : times[range.upperBound].distance(after: times[range.upperBound - 1])
        var least = start
        for place in range {
            least = max(least, times[place].addingSaturated(step))
            if !isLast, times[range.upperBound] >= start { least = min(least, times[range.upperBound]) }
            times[place] = least
        }
    }

    /// Moves the times from there on back so that they end at `end`, with as much more as there was no
    /// time for between what stands before them and `end`; none of them stands any more.
    private mutating func moveBack(_ standing: inout [Int], _ firstAhead: Int, before end: Int64) {
        let highest = times[standing.last!]
        var first = firstAhead
        while first > 0,
            highest.distance(after: times[standing[first]]) > end.distance(after: times[standing[first - 1]])
        {
            first -= 1
        }
        let step = highest.distance(after: end)
        for place in standing[first...] { times[place] = times[place].addingSaturated(-step) }
        standing.removeSubrange(first...)
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? (other < 0 ? .min : .max) : sum
    }

    /// By how much it is later than an earlier time.
    fileprivate func distance(after earlier: Int64) -> Int64 {
        let (distance, isBeyond) = subtractingReportingOverflow(earlier)
        return isBeyond ? .max : Swift.max(0, distance)
    }
}
