/// Slots for work of which only so much may go on at once. The others wait in the order in which they asked.
struct ConcurrencyLimiter<Member: AnyObject> {
    let limit: Int
    private var running: Set<ObjectIdentifier> = []
    private var waiting: [Member] = []
    /// Those before this one in `waiting` were called.
    private var next = 0
    private var isWaiting: Set<ObjectIdentifier> = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Acquires a slot, or has it already. False: the member is called when it may ask again.
    mutating func acquire(_ member: Member) -> Bool {
        let key = ObjectIdentifier(member)
        if running.contains(key) { return true }
        if running.count < limit {
            running.insert(key)
            return true
        }
        if isWaiting.insert(key).inserted { waiting.append(member) }
        return false
    }

    /// Gives the slot back; none is no harm.
    mutating func release(_ member: Member) {
        running.remove(ObjectIdentifier(member))
    }

    /// Those who may ask again: as many of the first in line as there are free slots.
    mutating func admitNext() -> ArraySlice<Member> {
        let count = min(limit - running.count, waiting.count - next)
        guard count > 0 else { return [] }
        let called = waiting[next..<next + count]
        for member in called { isWaiting.remove(ObjectIdentifier(member)) }
        next += count
        if next * 2 > waiting.count {
            waiting.removeFirst(next)
            next = 0
        }
        return called
    }
}
