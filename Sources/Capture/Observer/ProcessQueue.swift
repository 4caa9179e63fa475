import LinuxSystem

/// Which trackers are to be processed, and when: those that are due, those that wait for a time or for the
/// recorder, and those that the slow round has still to check.
struct ProcessQueue {
    /// Those with events come before those that are processed because everything is. Each comes once, in the
    /// order in which something happened to them.
    private var urgent = Line()
    private var others = Line()
    /// Trackers that want to be processed without an event.
    private var waiting: [ObjectIdentifier: Tracker] = [:]
    /// Nothing in `waiting` is due before this; nil: nothing in it has a time.
    private(set) var nextRetry: MonotonicInstant?
    private var round: [Tracker] = []

    private struct Line {
        private var queue = FIFOQueue<Tracker>()
        var keys: Set<ObjectIdentifier> = []

        mutating func insert(_ tracker: Tracker) {
            if keys.insert(ObjectIdentifier(tracker)).inserted { queue.append(tracker) }
        }

        mutating func popFirst() -> Tracker? {
            while let tracker = queue.popFirst() {
                if keys.remove(ObjectIdentifier(tracker)) != nil { return tracker }
            }
            return nil
        }
    }

    var isEmpty: Bool { urgent.keys.isEmpty && others.keys.isEmpty }
    var isRoundOver: Bool { round.isEmpty }

    mutating func insert(_ tracker: Tracker, isUrgent: Bool = true) {
        if isUrgent {
            // Processing it once is enough.
            others.keys.remove(ObjectIdentifier(tracker))
            urgent.insert(tracker)
        } else if !urgent.keys.contains(ObjectIdentifier(tracker)) {
            others.insert(tracker)
        }
    }

    mutating func popFirst() -> Tracker? { urgent.popFirst() ?? others.popFirst() }

    /// One of which no event reported anything, while those with events leave it no time.
    mutating func popOther() -> Tracker? { others.popFirst() }

    /// Notes what the tracker waits for since it was processed.
    mutating func processed(_ tracker: Tracker) {
        waiting[ObjectIdentifier(tracker)] = tracker.state.schedule.isCalled ? tracker : nil
        guard let time = tracker.state.schedule.retryAt else { return }
        nextRetry = min(nextRetry ?? time, time)
    }

    /// The tracker waits for nothing any more.
    mutating func remove(_ tracker: Tracker) {
        waiting[ObjectIdentifier(tracker)] = nil
    }

    /// Inserts those whose time has come.
    mutating func callThoseWaiting(_ now: MonotonicInstant) {
        nextRetry = nil
        for tracker in waiting.values {
            guard let time = tracker.state.schedule.retryAt else { continue }
            if time <= now { insert(tracker) } else { nextRetry = min(nextRetry ?? time, time) }
        }
    }

    /// The recorder has made something durable.
    mutating func callThoseWaitingForRecorder() {
        for tracker in waiting.values where tracker.state.schedule.waitsForRecorder { insert(tracker) }
    }

    /// Everything is checked once more.
    mutating func beginRound(_ trackers: some Sequence<Tracker>) { round = Array(trackers) }

    mutating func popRound() -> Tracker? { round.popLast() }
}
