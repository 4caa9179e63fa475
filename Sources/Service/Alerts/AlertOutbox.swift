import LinuxSystem

/// Alerts that are to be delivered: to each receiver in the order in which they came. A receiver that fails
/// is tried again after a pause that grows, and keeps no other one waiting.
package struct AlertOutbox: Hashable, Codable, Sendable {
    /// An alert for one receiver.
    package struct Item: Hashable, Codable, Sendable {
        package let alert: Alert
        package let receiver: AlertReceiver
    }

    /// A receiver that could not be reached.
    package struct Trouble: Hashable, Codable, Sendable {
        package let receiver: AlertReceiver
        package fileprivate(set) var attempts: Int
        package fileprivate(set) var reason: String
        /// When it is tried again, in nanoseconds since 1970.
        fileprivate(set) var next: Int64
    }

    package private(set) var items: [Item] = []
    package private(set) var troubles: [Trouble] = []

    /// Who receives nothing for months is told of the first ones only.
    private static let mostItems = 200
    /// What a receiver refuses for a day keeps the others from it no longer.
    private static let mostAttempts = 30
    private static let firstPause = 10
    private static let longestPause = 3600

    mutating func add(_ alert: Alert, to receivers: [AlertReceiver]) {
        for receiver in receivers where items.count(where: { $0.receiver == receiver }) < Self.mostItems {
            items.append(Item(alert: alert, receiver: receiver))
        }
    }

    /// Removes and returns those about some subjects.
    mutating func take(_ isTaken: (Alert.Subject) -> Bool) -> [Item] {
        let taken = items.filter { isTaken($0.alert.subject) }
        items.removeAll { isTaken($0.alert.subject) }
        return taken
    }

    /// These came before all others.
    mutating func putFirst(_ earlier: [Item]) { items = earlier + items }

    /// Forgets receivers that are none any more.
    mutating func keep(_ receivers: [AlertReceiver]) {
        items.removeAll { !receivers.contains($0.receiver) }
        troubles.removeAll { !receivers.contains($0.receiver) }
    }

    /// What can be delivered now: at most one item for each receiver.
    func due(at now: Instant) -> [Item] {
        var seen: Set<AlertReceiver> = []
        return items.filter { item in
            guard seen.insert(item.receiver).inserted else { return false }
            guard let trouble = troubles.first(where: { $0.receiver == item.receiver }) else { return true }
            return trouble.next <= now.nanoseconds || trouble.next > now.nanoseconds &+ Self.longestWait
        }
    }

    /// No pause is longer: a later time comes from a clock that was put back. In nanoseconds.
    private static let longestWait = Int64(longestPause) * 1_000_000_000

    /// When something can be delivered; nil if nothing is left.
    func next(after now: Instant) -> Instant? {
        guard due(at: now).isEmpty else { return now }
        let waiting = troubles.filter { trouble in items.contains { $0.receiver == trouble.receiver } }
        return waiting.map(\.next).min().map { Instant(nanoseconds: $0) }
    }

    /// An item was delivered, or could not be for that reason.
    mutating func tried(_ item: Item, failure: String?, at now: Instant) {
        let former = troubles.first { $0.receiver == item.receiver }
        troubles.removeAll { $0.receiver == item.receiver }
        guard let failure else {
            if let place = items.firstIndex(of: item) { items.remove(at: place) }
            return
        }
        let attempts = (former?.attempts ?? 0) + 1
        if attempts >= Self.mostAttempts, let place = items.firstIndex(of: item) {
            items.remove(at: place)
            return
        }
        let pause =
            attempts > 6 ? Self.longestPause : min(Self.longestPause, Self.firstPause << (2 * (attempts - 1)))
        troubles.append(
            Trouble(
                receiver: item.receiver,
                attempts: attempts,
                reason: failure,
                next: now.nanoseconds &+ Int64(pause) * 1_000_000_000
            )
        )
    }
}
