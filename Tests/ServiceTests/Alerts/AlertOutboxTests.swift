import LinuxSystem
import Testing

@testable import Service

@Suite("The delivery of alerts")
struct AlertOutboxTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000_000_000)
    private let one = AlertReceiver.url("http://one")
    private let two = AlertReceiver.url("http://two")

    private func at(_ seconds: Int64) -> Instant {
        Instant(nanoseconds: start.nanoseconds + seconds * 1_000_000_000)
    }

    private func alert(_ kind: Alert.Kind) -> Alert {
        Alert(Alert.Subject(kind), since: start, message: "m")
    }

    /// Of two alerts for two receivers.
    private var outbox: AlertOutbox {
        var outbox = AlertOutbox()
        for kind in [Alert.Kind.bad, .disk] { outbox.add(alert(kind), to: [one, two]) }
        return outbox
    }

    @Test("each receiver gets them in order, and one that fails keeps no other waiting")
    func order() {
        var outbox = outbox
        let due = outbox.due(at: start)
        #expect(due.map(\.receiver) == [one, two] && due.allSatisfy { $0.alert == alert(.bad) })
        outbox.tried(due[0], failure: "no route", at: start)
        outbox.tried(due[1], failure: nil, at: start)
        #expect(outbox.due(at: at(1)) == [AlertOutbox.Item(alert: alert(.disk), receiver: two)])
        #expect(outbox.next(after: at(1)) == at(1))
        outbox.tried(outbox.due(at: at(1))[0], failure: nil, at: at(1))
        #expect(outbox.due(at: at(9)).isEmpty && outbox.next(after: at(9)) == at(10))
        #expect(outbox.due(at: at(10)).map(\.alert) == [alert(.bad)])
    }

    @Test("the pauses of a receiver that fails grow to an hour, and end when it answers")
    func pauses() {
        var outbox = outbox
        var (now, pauses) = (start, [Int64]())
        for _ in 0..<9 {
            guard let item = outbox.due(at: now).first(where: { $0.receiver == one }) else { return }
            outbox.tried(item, failure: "no route", at: now)
            let next = outbox.troubles[0].next
            pauses.append((next - now.nanoseconds) / 1_000_000_000)
            now = Instant(nanoseconds: next)
        }
        #expect(pauses == [10, 40, 160, 640, 2560, 3600, 3600, 3600, 3600])
        outbox.tried(AlertOutbox.Item(alert: alert(.bad), receiver: one), failure: nil, at: now)
        #expect(outbox.troubles.isEmpty)
        #expect(outbox.due(at: now).first { $0.receiver == one }?.alert == alert(.disk))
    }

    @Test("a receiver that the configuration names no longer is forgotten")
    func keep() {
        var outbox = outbox
        outbox.tried(outbox.due(at: start)[0], failure: "no route", at: start)
        outbox.keep([two])
        #expect(outbox.troubles.isEmpty && outbox.items.count == 2)
        #expect(outbox.items.allSatisfy { $0.receiver == two })
    }

    @Test("a clock that was put back by a day delays nothing for a day")
    func clock() {
        var outbox = outbox
        outbox.tried(outbox.due(at: start)[0], failure: "no route", at: start)
        #expect(outbox.due(at: at(-86_400)).map(\.receiver) == [one, two])
    }

    /// Tries what is due for one of them, which refuses some of it, as often as it is due. Returns what it
    /// took.
    private func deliver(
        _ outbox: inout AlertOutbox,
        attempts: Int,
        from now: inout Instant,
        refusing isRefused: (Alert) -> Bool
    ) -> [Alert] {
        var taken: [Alert] = []
        for _ in 0..<attempts {
            guard let next = outbox.next(after: now), let item = outbox.due(at: max(now, next)).first else {
                break
            }
            now = max(now, next)
            let isRefused = isRefused(item.alert)
            outbox.tried(item, failure: isRefused ? "no" : nil, at: now)
            if !isRefused { taken.append(item.alert) }
        }
        return taken
    }

    @Test("one that fires is tried as long as it does; when it is over, for a day")
    func patience() {
        var (outbox, now) = (AlertOutbox(), start)
        outbox.add(alert(.bad), to: [one])
        #expect(deliver(&outbox, attempts: 500, from: &now) { _ in true } == [])
        #expect(outbox.items.map(\.alert) == [alert(.bad)] && outbox.troubles.map(\.attempts) == [500])
        // Once an hour by now.
        #expect(start.nanoseconds + 400 * 3_600_000_000_000 < now.nanoseconds)
        var resolved = alert(.bad)
        resolved.state = .resolved
        outbox.add(resolved, to: [one])
        #expect(outbox.items.map(\.alert) == [resolved], "it takes the place of the one that was refused")
        #expect(deliver(&outbox, attempts: 29, from: &now) { _ in true } == [])
        #expect(outbox.items.count == 1 && outbox.troubles.count == 1)
        #expect(deliver(&outbox, attempts: 1, from: &now) { _ in true } == [])
        #expect(outbox.items.isEmpty && outbox.troubles.isEmpty)
    }

    @Test("one that is refused for a day keeps no other one waiting any more")
    func refused() {
        var (outbox, now) = (AlertOutbox(), start)
        for kind in [Alert.Kind.bad, .disk] { outbox.add(alert(kind), to: [one]) }
        let isBad = { (alert: Alert) in alert.subject.kind == .bad }
        #expect(deliver(&outbox, attempts: 30, from: &now, refusing: isBad) == [])
        #expect(deliver(&outbox, attempts: 1, from: &now, refusing: isBad) == [alert(.disk)])
        #expect(deliver(&outbox, attempts: 10, from: &now, refusing: isBad) == [])
        // The next one comes at once.
        outbox.add(alert(.drill), to: [one])
        #expect(outbox.due(at: now).map(\.alert) == [alert(.drill)])
        #expect(deliver(&outbox, attempts: 1, from: &now, refusing: isBad) == [alert(.drill)])
        #expect(outbox.items.map(\.alert) == [alert(.bad)])
    }

    @Test("of very many, all that fire are kept, and the newest state of each")
    func many() {
        func alert(_ number: Int, _ state: Alert.State = .firing) -> Alert {
            let subject = Alert.Subject(.bad, root: "/r", path: "/r/\(number).db")
            return Alert(subject, state, since: start, message: "m")
        }
        var outbox = AlertOutbox()
        for number in 0..<500 { outbox.add(alert(number), to: [one, two]) }
        #expect(outbox.items.count == 1000)
        // Each of the first ones is over and fires again, many times.
        for _ in 0..<100 {
            for number in 0..<3 {
                outbox.add(alert(number, .resolved), to: [one])
                outbox.add(alert(number), to: [one])
            }
        }
        let left = outbox.items.filter { $0.receiver == one }.map(\.alert)
        #expect(left.count == 500 && left.allSatisfy { $0.state == .firing })
        for number in 0..<400 { outbox.add(alert(number, .resolved), to: [one]) }
        let newest = outbox.items.filter { $0.receiver == one }.map(\.alert)
        #expect(newest.filter { $0.state == .firing } == (400..<500).map { alert($0) })
        #expect(newest.filter { $0.state == .resolved } == (300..<400).map { alert($0, .resolved) })
        #expect(outbox.items.count { $0.receiver == two } == 500)
    }
}
