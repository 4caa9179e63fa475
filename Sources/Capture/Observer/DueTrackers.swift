/// Trackers to look at, each once, in the order in which something happened to them.
struct DueTrackers {
    private var queue: [Tracker] = []
    /// Those before this one in `queue` were taken.
    private var next = 0
    private var keys: Set<ObjectIdentifier> = []

    var isEmpty: Bool { keys.isEmpty }

    mutating func insert(_ tracker: Tracker) {
        if keys.insert(ObjectIdentifier(tracker)).inserted { queue.append(tracker) }
    }

    mutating func popFirst() -> Tracker? {
        guard next < queue.count else { return nil }
        let tracker = queue[next]
        keys.remove(ObjectIdentifier(tracker))
        next += 1
        if next == queue.count {
            queue.removeAll(keepingCapacity: queue.count < 1024)
            next = 0
        }
        return tracker
    }
}
