/// Trackers to look at, each once, in the order in which something happened to them. Those of which an event
/// told come before those that are looked at because everything is.
struct DueTrackers {
    private var urgent = Line()
    private var others = Line()

    private struct Line {
        var queue: [Tracker] = []
        /// Those before this one in `queue` were taken.
        var next = 0
        var keys: Set<ObjectIdentifier> = []

        mutating func insert(_ tracker: Tracker) {
            if keys.insert(ObjectIdentifier(tracker)).inserted { queue.append(tracker) }
        }

        mutating func popFirst() -> Tracker? {
            while next < queue.count {
                let tracker = queue[next]
                next += 1
                let isWanted = keys.remove(ObjectIdentifier(tracker)) != nil
                if next == queue.count {
                    queue.removeAll(keepingCapacity: queue.count < 1024)
                    next = 0
                }
                if isWanted { return tracker }
            }
            return nil
        }
    }

    var isEmpty: Bool { urgent.keys.isEmpty && others.keys.isEmpty }

    mutating func insert(_ tracker: Tracker, isUrgent: Bool = true) {
        if isUrgent {
            // One look is enough.
            others.keys.remove(ObjectIdentifier(tracker))
            urgent.insert(tracker)
        } else if !urgent.keys.contains(ObjectIdentifier(tracker)) {
            others.insert(tracker)
        }
    }

    mutating func popFirst() -> Tracker? { urgent.popFirst() ?? others.popFirst() }

    /// One that no event told of, while those of which events tell leave it no time.
    mutating func popOther() -> Tracker? { others.popFirst() }
}
