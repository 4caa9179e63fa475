/// Events that were read and wait for an observer. While a disk that does not answer blocks it, others go on
/// reading. So there is a bound, as for the kernel's own queue.
struct WaitingEvents<Event> {
    private var events: [Event] = []
    private var areLost = false
    /// What stands for all of them when there were too many.
    private let overflow: Event
    private let most: Int

    init(overflow: Event, most: Int = 1 << 18) {
        self.overflow = overflow
        self.most = most
    }

    /// Whether one more is wanted. With too many, all are given up, and none is wanted before `takeAll`.
    mutating func makeRoom() -> Bool {
        guard !areLost, events.count >= most else { return !areLost }
        (events, areLost) = ([overflow], true)
        return false
    }

    mutating func append(_ event: Event) { events.append(event) }

    /// All that wait, oldest first.
    mutating func takeAll() -> [Event] {
        areLost = false
        return exchange(&events, with: [])
    }
}
