package import LinuxSystem
package import RepositoryFormat

/// The corrected time of each snapshot. The stream has the time that the clock showed, which may have been
/// wrong for a while. A corrected time must mean what a person means by it, and never decrease along the
/// sequence. This does no I/O.
///
/// The clock setting that came last is taken as right. The rules for earlier times:
/// 1. If a writer saw the clock being set back, all times before that were ahead by as much.
/// 2. If no writer ran then, they were ahead by so much that none is later than the times that follow.
/// 3. The clock was behind instead if it was put forward again later.
/// 4. The clock was also behind if it was before the year 2020, as clocks without a battery are.
package struct ClockCorrection: Sendable {
    /// 2020-01-01T00:00:00Z, in nanoseconds: a clock with an earlier time was not set.
    private static let leastTime: Int64 = 1_577_836_800_000_000_000

    /// In nanoseconds since 1970, one for each snapshot.
    private var times: [Int64]
    /// The clock settings that writers saw, each before the snapshot of that index.
    private let steps: [(place: Int, nanoseconds: Int64)]

    /// - Parameters:
    ///   - times: the clock's time at each snapshot, in the order of the stream.
    ///   - steps: how the clock was set, and the number of snapshots before that; ascending.
    /// - Returns: as many times, which never decrease; nil when all are right already.
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

    /// Reverses the steps that writers saw. A step applies to earlier times as far back as the times
    /// increase. Where they do not, nobody saw what happened in between.
    ///
    /// A step forward alone does not show that the clock was wrong, because the machine may have been
    /// suspended. But if the clock had been set back before, it was behind in between.
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

    /// Shifts the times of a range, from the last place where they decrease. Returns whether that is the
    /// whole range. `wasSetBack`: the clock was set back directly before the range.
    private mutating func shift(_ range: Range<Int>, by sum: Int64, wasSetBack: Bool) -> Bool {
        let start = range.dropFirst().last { times[$0] < times[$0 - 1] } ?? range.lowerBound
        let isWhole = start == range.lowerBound
        guard sum < 0 || (sum > 0 && wasSetBack && isWhole) else { return isWhole }
        for place in start..<range.upperBound { times[place] = times[place].addingSaturated(sum) }
        return isWhole
    }

    /// Resolves each place where the time still decreases. Either the times before it were ahead, or those
    /// after it are behind.
    private mutating func settle() {
        // The places with settled times, which never decrease.
        var settled: [Int] = []
        var place = 0
        while place < times.count {
            guard let last = settled.last, times[last] > times[place] else {
                settled.append(place)
                place += 1
                continue
            }
            let firstAhead = settled.partitioningIndex { times[$0] > times[place] }
            if let end = endOfBehind(from: place, settled, firstAhead) {
                moveForward(place..<end, after: times[last])
                settled.append(contentsOf: place..<end)
                place = end
            } else {
                moveBack(&settled, firstAhead, before: times[place])
            }
        }
        for place in times.indices.dropLast().reversed() {
            times[place] = min(times[place], times[place + 1])
        }
    }

    /// The end of the times that are behind, if that is the better explanation. The conditions:
    /// 1. Fewer times are behind than would have been ahead.
    /// 2. So little time passed in them that the clock was put forward at their end.
    /// 3. That step forward is larger than the one before the other times.
    private func endOfBehind(from place: Int, _ settled: [Int], _ firstAhead: Int) -> Int? {
        let highest = times[settled.last!]
        if times[place] < Self.leastTime, highest >= Self.leastTime {
            return times[place...].firstIndex { $0 >= Self.leastTime } ?? times.count
        }
        let candidates = times[place...].prefix(settled.count - firstAhead)
        guard let end = candidates.firstIndex(where: { $0 >= highest }) else { return nil }
        let before = firstAhead > 0 ? settled[firstAhead - 1] : nil
        let forwardBefore = before.map { times[settled[firstAhead]].distance(after: times[$0]) } ?? 0
        let forwardAfter = times[end].distance(after: times[end - 1])
        let passed = times[end - 1].distance(after: times[place])
        guard passed <= times[end].distance(after: highest), forwardAfter / 2 >= forwardBefore else {
            return nil
        }
        return end
    }

    /// Moves the times of a range forward so that they end at the next time. If there is none, they begin at
    /// `start`.
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

    /// Moves the times from there on back so that they end at `end`. If there is too little time before `end`
    /// for them, earlier ones are moved as well. None of the moved times is settled any more.
    private mutating func moveBack(_ settled: inout [Int], _ firstAhead: Int, before end: Int64) {
        let highest = times[settled.last!]
        var first = firstAhead
        while first > 0,
            highest.distance(after: times[settled[first]]) > end.distance(after: times[settled[first - 1]])
        {
            first -= 1
        }
        let step = highest.distance(after: end)
        for place in settled[first...] { times[place] = times[place].addingSaturated(-step) }
        settled.removeSubrange(first...)
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? (other < 0 ? .min : .max) : sum
    }

    /// The difference from an earlier time; 0 if that is not earlier.
    fileprivate func distance(after earlier: Int64) -> Int64 {
        let (distance, isBeyond) = subtractingReportingOverflow(earlier)
        return isBeyond ? .max : Swift.max(0, distance)
    }
}
