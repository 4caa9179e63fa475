@testable import History
import LinuxSystem
import TestSupport
import Testing

@Suite("WHEN: whatever is written")
struct WhenFuzzTests {
    private static let pieces = [
        "latest", "latest-good", "~", "today", "yesterday", "now", "last", "week", "ago", " ", "  ", "\t",
        "-", "+", "@", ":", ".",
        "/", "_", "T",
        "t", "Z", "z", "0", "1", "9", "12", "60", "99", "2026", "0000", "9999", "1677", "2262", "20260129",
        "-01-29",
        "12:00", ":30", "12:00:00", ".25", "+01:00", "120000", "10m", "1h", "days", "ms", "weeks",
        "18446744073709551615",
        "9223372036", "854775807", "99999999999999999999", "x", "é", "\u{0301}", "🕰", "\u{0}", "\u{FFFD}",
        "٣", "\r\n",
    ]
    private static let extremes = [Instant(nanoseconds: .min), Instant(nanoseconds: .max), .unix(0), .noon]

    @Test("nothing traps, what is read can be written and read again")
    func parsing() {
        var run = FuzzRun("WHEN", rounds: 800_000)
        var read = 0
        while var random = run.next() {
            let count = Int.random(in: 0...7, using: &random)
            let text = (0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
            let now = Self.extremes.randomElement(using: &random) ?? .noon
            do throws(WhenError) {
                let when = try When(parsing: text, now: now, calendar: .berlin2026)
                read += 1
                let written = Self.written(when)
                let again = try? When(parsing: written, now: now, calendar: .utc)
                #expect(again == when, "\(random): \(text.debugDescription) as \(written)")
            } catch {
                #expect(error.isWrongUsage, "\(random): \(text.debugDescription)")
                let lines = error.message(in: .berlin2026).split(whereSeparator: \.isNewline)
                #expect(lines.count == 1, "\(random): \(text.debugDescription)")
            }
        }
        #expect(read > 1000, "only \(read) texts were a WHEN")
    }

    private static func written(_ when: When) -> String {
        switch when {
        case .latest(let back): "latest~\(back)"
        case .latestGood: "latest-good"
        case .sequence(let sequence): "\(sequence)"
        case .name(let name, back: 0): name
        case .name(let name, let back): "\(name)~\(back)"
        case .instant(let instant): instant.rfc3339(in: .berlin2026)
        }
    }

    @Test("resolving agrees with looking at every snapshot")
    func resolving() {
        var run = FuzzRun("WHEN, resolved", rounds: 300_000)
        while var random = run.next() {
            var snapshots: [SnapshotMoment] = []
            for place in 0..<Int.random(in: 1...9, using: &random) {
                let sequence = (snapshots.last?.sequence ?? 0) + UInt64.random(in: 1...3, using: &random)
                let time = Int64(place == 0 ? 5 : 0) + (snapshots.last?.time.nanoseconds ?? 0)
                let next = Instant(nanoseconds: time + Int64.random(in: 0...2, using: &random))
                snapshots.append(SnapshotMoment(sequence: sequence, time: next))
            }
            let asked = Int64.random(in: 0...30, using: &random)
            let before = Bool.random(using: &random)

            let byTime = snapshots.lastIndex {
                before ? $0.time.nanoseconds < asked : $0.time.nanoseconds <= asked
            }
            let when = When.instant(Instant(nanoseconds: asked))
            let now = Instant(nanoseconds: 30)
            let found = try? when.resolve(in: snapshots, tags: [:], strictlyBefore: before, now: now)
            #expect(found == byTime, "\(random): \(asked) in \(snapshots)")

            let bySequence = snapshots.firstIndex { $0.sequence == UInt64(asked) }
            let place = try? When.sequence(UInt64(asked))
                .resolve(in: snapshots, tags: [:], strictlyBefore: false, now: now)
            #expect(place == bySequence, "\(random): \(asked) in \(snapshots)")
        }
    }
}
