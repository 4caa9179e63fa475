import LinuxSystem

/// Alerts that are to be delivered: to each receiver in the order in which they came. A receiver that fails
/// is tried again after a pause that grows, and keeps no other one waiting.
///
/// An alert that fires stays until it is delivered, or a newer one about the same subject is there:
/// 1. One that a receiver refuses again and again is set back: others go before it, and it is still tried.
/// 2. Of many alerts for a receiver that takes none, only the newest about each subject is kept, and of those
///    that are over not all.
package struct AlertOutbox: Hashable, Codable, Sendable {
    /// An alert for one receiver.
    package struct Item: Hashable, Codable, Sendable {
        package let alert: Alert
        package let receiver: AlertReceiver
        /// How often it was tried; nil for never.
        var attempts: Int?

        init(alert: Alert, receiver: AlertReceiver) { (self.alert, self.receiver) = (alert, receiver) }

        /// Its receiver has refused it for a day.
        fileprivate var isSetBack: Bool { attempts ?? 0 >= AlertOutbox.mostAttempts }
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

    /// For one receiver; more only if more alerts fire.
    private static let mostItems = 200
    private static let mostAttempts = 30
    private static let firstPause = 10
    private static let longestPause = 3600

    mutating func add(_ alert: Alert, to receivers: [AlertReceiver]) {
        for receiver in receivers {
            // It would come after this one.
            items.removeAll {
                $0.isSetBack && $0.receiver == receiver && $0.alert.subject == alert.subject
            }
            items.append(Item(alert: alert, receiver: receiver))
            if items.count(where: { $0.receiver == receiver }) > Self.mostItems { shorten(for: receiver) }
        }
    }

    /// Leaves the newest alert about each subject. If these are too many, the oldest that are over go.
    private mutating func shorten(for receiver: AlertReceiver) {
        var newer: Set<Alert.Subject> = []
        items = items.reversed()
            .filter { $0.receiver != receiver || newer.insert($0.alert.subject).inserted }.reversed()
        var surplus = newer.count - Self.mostItems
        items.removeAll { item in
            guard surplus > 0, item.receiver == receiver, item.alert.state == .resolved else { return false }
            surplus -= 1
            return true
        }
    }

    /// Removes and returns those about some subjects. A receiver for whom nothing is left is in no trouble.
    mutating func take(_ isTaken: (Alert.Subject) -> Bool) -> [Item] {
        let taken = items.filter { isTaken($0.alert.subject) }
        items.removeAll { isTaken($0.alert.subject) }
        troubles.removeAll { trouble in !items.contains { $0.receiver == trouble.receiver } }
        return taken
    }

    /// These came before all others.
    mutating func putFirst(_ earlier: [Item]) { items = earlier + items }

    /// Forgets receivers that are none any more.
    mutating func keep(_ receivers: [AlertReceiver]) {
        items.removeAll { !receivers.contains($0.receiver) }
        troubles.removeAll { !receivers.contains($0.receiver) }
    }

    /// Nobody delivers any more.
    mutating func forgetTroubles() { troubles = [] }

    /// What can be delivered now: at most one item for each receiver.
    func due(at now: Instant) -> [Item] {
        var seen: Set<AlertReceiver> = []
        return items.map(\.receiver).filter { seen.insert($0).inserted }.compactMap { due(to: $0, at: now) }
    }

    private func due(to receiver: AlertReceiver, at now: Instant) -> Item? {
        let own = items.filter { $0.receiver == receiver }
        guard let next = own.first(where: { !$0.isSetBack }) ?? own.first else { return nil }
        guard let trouble = troubles.first(where: { $0.receiver == receiver }) else { return next }
        // It may be what was set back that the receiver does not take.
        if next.attempts == nil, own.contains(where: \.isSetBack) { return next }
        let isOver =
            trouble.next <= now.nanoseconds || trouble.next > now.nanoseconds &+ Self.longestWait
        return isOver ? next : nil
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
        let place = items.firstIndex { $0.receiver == item.receiver && $0.alert == item.alert }
        guard let failure else {
            if let place { items.remove(at: place) }
            return
        }
        if let place { refused(at: place) }
        guard items.contains(where: { $0.receiver == item.receiver }) else { return }
        let attempts = (former?.attempts ?? 0) + 1
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

    private mutating func refused(at place: Int) {
        items[place].attempts = (items[place].attempts ?? 0) + 1
        guard items[place].isSetBack else { return }
        let item = items.remove(at: place)
        let hasNewer = items[place...].contains {
            $0.receiver == item.receiver && $0.alert.subject == item.alert.subject
        }
        if item.alert.state == .firing, !hasNewer { items.append(item) }
    }
}
