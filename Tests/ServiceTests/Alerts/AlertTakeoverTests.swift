import LinuxSystem
import Testing

@testable import Service

@Suite("What a watcher takes over from one that does not run")
struct AlertTakeoverTests {
    private let one = AlertReceiver.url("http://one")
    private let two = AlertReceiver.url("http://two")
    private let start = Instant(nanoseconds: 1_000_000_000_000_000_000)

    private func alert(_ kind: Alert.Kind, _ root: String?) -> Alert {
        Alert(Alert.Subject(kind, root: root), since: start, message: "m")
    }

    /// Of a watcher that was killed while it protected these roots, each of which has a damaged database. The
    /// alerts have not reached the one who is to be told.
    private func former(_ roots: String...) -> AlertBoard {
        var board = AlertBoard()
        board.begin(to: [one], at: start)
        board.receivers = [one]
        board.protects(roots, to: [one])
        for root in roots { board.fire(alert(.bad, root), to: [one], at: start) }
        board.fire(alert(.disk, nil), to: [one], at: start)
        return board
    }

    /// Of a watcher that runs, and has nothing to tell.
    private var running: AlertBoard {
        var board = AlertBoard()
        board.begin(to: [one], at: start)
        return board
    }

    @Test("each of two watchers gets what is about its root, and the last one all the rest")
    func split() {
        var former = self.former("/a", "/b")
        var (first, second) = (running, running)
        first.takeOver(&former, of: ["/a"], to: [one], at: start)
        // Both see how full the disk is.
        #expect(first.firing(at: start) == [alert(.bad, "/a"), alert(.disk, nil)])
        #expect(first.outbox.items.map(\.alert) == first.firing(at: start))
        #expect(former.firing(at: start) == [alert(.bad, "/b")])
        #expect(former.outbox.items.map(\.alert) == former.firing(at: start))
        second.takeOver(&former, of: ["/b", "/c"], to: [one], at: start)
        #expect(second.firing(at: start).map(\.subject.kind) == [.bad, .stopped])
        #expect(second.outbox.items.map(\.alert) == second.firing(at: start))
        #expect(former == AlertBoard())
    }

    @Test("what fires already is not told again, and who was not told of it before is now")
    func told() {
        var former = self.former("/a")
        var board = running
        board.fire(alert(.disk, nil), to: [one, two], at: start)
        board.takeOver(&former, of: ["/a"], to: [one, two], at: start)
        #expect(board.firing(at: start).map(\.subject.kind) == [.disk, .bad, .stopped])
        let kinds = { (receiver: AlertReceiver) in
            board.outbox.items.filter { $0.receiver == receiver }.map(\.alert.subject.kind).sorted {
                $0.rawValue < $1.rawValue
            }
        }
        #expect(kinds(one) == [.bad, .disk, .stopped] && kinds(two) == [.bad, .disk, .stopped])
    }

    @Test("a receiver that failed is in no trouble any more when another watcher has all that is for it")
    func trouble() throws {
        var (former, board) = (AlertBoard(), running)
        former.begin(to: [one], at: start)
        former.receivers = [one]
        former.protects(["/a", "/b"], to: [one])
        former.fire(alert(.bad, "/a"), to: [one], at: start)
        former.outbox.tried(try #require(former.outbox.items.first), failure: "is down", at: start)
        #expect(former.outbox.troubles.count == 1)
        board.takeOver(&former, of: ["/a"], to: [one], at: start)
        #expect(former.outbox.items.isEmpty && former.outbox.troubles.isEmpty)
        #expect(board.outbox.items.map(\.alert) == [alert(.bad, "/a")])
    }

    @Test("of a watcher that did not note its roots only what is about these is taken")
    func unnoted() {
        var (former, board) = (AlertBoard(), running)
        for root in ["/a", "/b"] { former.fire(alert(.bad, root), to: [one], at: start) }
        // It has cleared, and its receiver does not know yet.
        former.fire(alert(.drill, "/c"), to: [one], at: start)
        former.clear(alert(.drill, "/c").subject, to: [one])
        former.stopped(why: "m", to: [one], at: start)
        let left = former.outbox.items.filter { $0.alert.subject.root != "/a" }
        board.takeOver(&former, of: ["/a"], to: [one], at: start)
        #expect(board.firing(at: start) == [alert(.bad, "/a")])
        #expect(former.firing(at: start) == [alert(.stopped, nil)] && former.outbox.items == left)
        board.takeOver(&former, of: ["/b", "/c"], to: [one], at: start)
        #expect(former.firing(at: start) == [alert(.stopped, nil)])
    }

    @Test("what a watcher sees before it protects its root is taken, and not told again")
    func seen() {
        var (former, board) = (self.former("/a"), running)
        former.fire(alert(.remote, "/a"), to: [one], at: start)
        let seen = [alert(.disk, nil), alert(.remote, "/a")]
        board.takeOver(&former, of: [], and: Set(seen.map(\.subject)), to: [one], at: start)
        for alert in seen { board.fire(alert, to: [one], at: start) }
        #expect(board.firing(at: start) == seen && board.outbox.items.map(\.alert) == seen)
        // The root may be another one's, and so all else about it.
        #expect(former.firing(at: start) == [alert(.bad, "/a")])
        #expect(former.outbox.items.map(\.alert) == [alert(.bad, "/a")])
    }

    @Test("without a root of its own nothing is taken, and nothing of other roots")
    func nothing() {
        var (former, board) = (self.former("/a"), running)
        let before = former
        board.takeOver(&former, of: [], to: [one], at: start)
        #expect(former == before && board == running)
        board.takeOver(&former, of: ["/b"], to: [one], at: start)
        #expect(former.firing(at: start) == [alert(.bad, "/a")])
        #expect(board.firing(at: start) == [alert(.disk, nil)])
    }
}
