import LinuxSystem
import SystemPackage
import Testing

@testable import Service

@Suite("Which alerts fire")
struct AlertBoardTests {
    private let receivers = [AlertReceiver.command(["a"]), .url("http://b")]
    private let start = Instant(nanoseconds: 1_000_000_000_000_000_000)

    private func at(_ seconds: Int64) -> Instant {
        Instant(nanoseconds: start.nanoseconds + seconds * 1_000_000_000)
    }

    private func alert(_ kind: Alert.Kind, _ root: String = "/r") -> Alert {
        Alert(Alert.Subject(kind, root: root), since: start, message: "m")
    }

    @Test("one fires once for each receiver, and once more when it clears")
    func once() {
        var board = AlertBoard()
        board.begin(to: receivers, at: at(0))
        for second in 0..<5 { board.fire(alert(.bad), to: receivers, at: at(Int64(second))) }
        #expect(board.firing(at: at(5)) == [alert(.bad)])
        board.clear(Alert.Subject(.bad, root: "/other"), to: receivers)
        #expect(board.outbox.items.map(\.alert.state) == [.firing, .firing])
        for _ in 0..<2 { board.clear(Alert.Subject(.bad, root: "/r"), to: receivers) }
        #expect(board.firing(at: at(5)).isEmpty)
        #expect(board.outbox.items.map(\.alert.state) == [.firing, .firing, .resolved, .resolved])
        #expect(board.outbox.items.map(\.receiver) == receivers + receivers)
    }

    @Test("an event clears an hour after its last report, or when the clock was put back")
    func events() {
        var board = AlertBoard()
        board.begin(to: receivers, at: at(0))
        board.fire(alert(.gap), to: receivers, at: at(0))
        board.fire(alert(.bad), to: receivers, at: at(0))
        board.fire(alert(.gap), to: receivers, at: at(3000))
        board.clearEvents(to: receivers, at: at(6599))
        #expect(board.firing(at: at(6599)).map(\.subject.kind) == [.gap, .bad])
        board.clearEvents(to: receivers, at: at(6600))
        #expect(board.firing(at: at(6599)).map(\.subject.kind) == [.bad])
        board.fire(alert(.audit), to: receivers, at: at(0))
        board.clearEvents(to: receivers, at: at(-1))
        #expect(board.firing(at: at(0)).map(\.subject.kind) == [.bad])
    }

    @Test("while no watcher runs, an event ends after an hour all the same, and only a failure goes on")
    func withoutWatcher() {
        var board = AlertBoard()
        func firing(_ second: Int64) -> [Alert.Kind] { board.firing(at: at(second)).map(\.subject.kind) }
        board.begin(to: receivers, at: at(0))
        board.fire(alert(.gap), to: receivers, at: at(0))
        board.fire(alert(.bad), to: receivers, at: at(0))
        // It was killed.
        #expect(firing(3599) == [.gap, .bad])
        #expect(firing(3600) == [.bad])
        board.stopped(why: "it has failed", to: receivers, at: at(3600))
        #expect(firing(3600) == [.stopped])
        board.begin(to: receivers, at: at(3601))
        #expect(firing(3601) == [.bad, .stopped])
        board.end()
        #expect(firing(3601) == [.stopped])
    }

    @Test("a watcher that ended without being told to is an alert at the next start")
    func stopped() {
        var board = AlertBoard()
        board.begin(to: receivers, at: at(0))
        #expect(board.outbox.items.isEmpty)
        board.end()
        board.begin(to: receivers, at: at(1))
        #expect(board.outbox.items.isEmpty)
        // Killed, and again before it has run for long: told once.
        for second: Int64 in 2..<5 { board.begin(to: receivers, at: at(second)) }
        #expect(board.firing(at: at(5)).map(\.subject.kind) == [.stopped])
        #expect(board.outbox.items.count == 2)
    }

    @Test("what the service manager has told of is not told again at the next start")
    func stoppedByManager() {
        var board = AlertBoard()
        board.begin(to: receivers, at: at(0))
        board.stopped(why: "it has failed", to: receivers, at: at(1))
        board.begin(to: receivers, at: at(2))
        #expect(board.outbox.items.map(\.alert.message) == ["it has failed", "it has failed"])
    }
}

@Suite("What is seen to be wrong from time to time")
struct ConditionWatchTests {
    private typealias Condition = AlertDesk.RootCondition

    private func at(_ seconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000_000 + seconds * 1_000_000_000)
    }

    @Test("a root that is not captured for a minute is stale until it is")
    func stale() {
        var watch = ConditionWatch(repository: "/")
        let well = Condition(path: "/r", isReady: true, trouble: nil)
        let bad = Condition(path: "/r", isReady: true, trouble: "why")
        func stale(_ condition: Condition, _ second: Int64) -> (fires: Bool, clears: Bool) {
            let changes = watch.changes([condition], at: at(second))
            let subject = Alert.Subject(.stale, root: "/r")
            return (changes.fires.contains { $0.subject == subject }, changes.clears.contains(subject))
        }
        #expect(stale(well, 0) == (false, true))
        #expect(stale(bad, 10) == (false, false))
        #expect(stale(bad, 69) == (false, false))
        #expect(stale(bad, 70) == (true, false))
        #expect(stale(well, 80) == (false, true))
        #expect(stale(bad, 90) == (false, false))
        #expect(stale(bad, 150) == (true, false))
    }

    @Test("a heartbeat comes as often as it should, and not while a root is not captured")
    func heartbeat() {
        var watch = ConditionWatch(repository: "/")
        let well = Condition(path: "/r", isReady: true, trouble: nil)
        let bad = Condition(path: "/s", isReady: true, trouble: "why")
        func isDue(_ second: Int64, _ conditions: Condition...) -> Bool {
            watch.isHeartbeatDue(.seconds(300), conditions, at: at(second))
        }
        #expect(isDue(0, well))
        #expect(!isDue(299, well))
        #expect(isDue(300, well))
        #expect(!isDue(600, well, bad))
        #expect(!isDue(630, Condition(path: "/s", isReady: false, trouble: nil)))
        #expect(isDue(660, well))
        #expect(!isDue(2000), "no root is captured")
    }

    /// Catches heartbeats that come at the next minute after they are due, and one that failed of which the
    /// next is only sent after the whole interval.
    @Test("the next heartbeat is due to the second, and soon if the last one did not arrive")
    func nextHeartbeat() {
        var watch = ConditionWatch(repository: "/")
        let well = Condition(path: "/r", isReady: true, trouble: nil)
        let interval = Duration.seconds(90)
        #expect(watch.nextHeartbeat(interval, after: at(0)) == nil)
        let isDue = watch.isHeartbeatDue(interval, [well], at: at(5))
        #expect(isDue)
        #expect(watch.nextHeartbeat(interval, after: at(60)) == at(95))
        #expect(watch.nextHeartbeat(interval, after: at(95)) == nil, "a root is not captured now")
        watch.heartbeatFailed(interval, at: at(6))
        #expect(watch.nextHeartbeat(interval, after: at(6)) == at(16))
        watch.heartbeatFailed(.seconds(3), at: at(20))
        #expect(watch.nextHeartbeat(.seconds(3), after: at(20)) == at(23))
    }

    @Test("a watcher that has run for a minute is stopped no longer")
    func stopped() {
        var watch = ConditionWatch(repository: "/")
        let clears = [0, 59, 60].map { (second: Int64) in
            watch.changes([], at: at(second)).clears.contains(Alert.Subject(.stopped))
        }
        #expect(clears == [false, false, true])
    }
}
