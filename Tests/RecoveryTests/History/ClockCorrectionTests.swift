import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import History

/// Times are minutes of 2026; a step says by how many the clock was set, and before which snapshot.
@Suite("Corrected times")
struct ClockCorrectionTests {
    private static let start: Int64 = 1_767_225_600

    private func correct(_ minutes: [Int64], steps: [(Int, Int64)] = []) -> [Int64] {
        let times = minutes.map { Instant.unix(Self.start + $0 * 60) }
        let steps = steps.map { place, minutes in
            (place: place, step: ClockStep(from: .unix(0), to: .unix(minutes * 60)))
        }
        let corrected = ClockCorrection.correct(times, steps: steps) ?? times
        return corrected.map { ($0.unixSeconds - Self.start) / 60 }
    }

    @Test("times that never decrease stay, also where the clock was put forward or the machine stood still")
    func untouched() {
        #expect(correct([]) == [])
        #expect(correct([7]) == [7])
        #expect(correct([0, 0, 5, 600]) == [0, 0, 5, 600])
        #expect(correct([0, 5, 600, 601], steps: [(2, 590)]) == [0, 5, 600, 601])
    }

    @Test("one snapshot of a clock that was ahead is not later than the next")
    func aheadOnce() {
        #expect(correct([0, 60, 180, 100, 120]) == [0, 60, 100, 100, 120])
        #expect(correct([0, 60, 525_700, 100, 120]) == [0, 60, 100, 100, 120])
        #expect(correct([525_700, 100, 120]) == [100, 100, 120])
        // It stays so when the right clock has got there as well.
        #expect(correct([0, 60, 180, 100, 120, 170, 190, 250]) == [0, 60, 100, 100, 120, 170, 190, 250])
    }

    @Test("of a clock that was ahead for long, the times keep their distances")
    func aheadForLong() {
        #expect(correct([0, 10, 1010, 1020, 1030, 50, 60]) == [0, 10, 30, 40, 50, 50, 60])
        // It was ahead from the start: before 60 there was no time for so much.
        #expect(correct([0, 30, 60, 90, 120, 65, 90, 125]) == [-55, -25, 5, 35, 65, 65, 90, 125])
    }

    @Test("where the watcher saw the clock being set back, all before that is moved by as much")
    func seen() {
        #expect(
            correct([0, 10, 620, 630, 40, 50], steps: [(2, 600), (4, -600)]) == [0, 10, 20, 30, 40, 50]
        )
        #expect(correct([600, 610, 20, 30], steps: [(2, -600)]) == [0, 10, 20, 30])
        // Behind in between.
        #expect(correct([0, 10, -580, -570, 40], steps: [(2, -600), (4, 600)]) == [0, 10, 20, 30, 40])
        // The machine stood still for long before.
        let paused: [Int64] = [0, 500, 510, 400, 410]
        #expect(correct(paused, steps: [(1, 490), (3, -120)]) == [0, 380, 390, 400, 410])
    }

    @Test("what came before an unseen change of the clock is not moved by a step after it")
    func unseen() {
        #expect(
            correct([0, 10, 9000, 20, 30, 900, 40], steps: [(5, 860), (6, -860)]) == [
                0, 10, 20, 20, 30, 40, 40,
            ]
        )
    }

    @Test(
        "steps are added up only as far back as the times increase, and as the clock was seen being set back"
    )
    func added() {
        #expect(correct([0, -40, -480, 21], steps: [(1, -100), (3, 500)]) == [-100, -40, 21, 21])
        #expect(
            correct([-600, 610, -589, 612], steps: [(0, -600), (1, 1200), (3, 1200)]) == [600, 610, 612, 612]
        )
        #expect(
            correct([-600, 101, -594, -89, -584], steps: [(0, -600), (3, 500)]) == [
                -600, -594, -594, -584, -584,
            ]
        )
        // Put forward twice and never back: perhaps the machine stood still.
        #expect(correct([30, 110, 41, 51], steps: [(0, 30), (1, 70)]) == [30, 41, 41, 51])
    }

    @Test("what comes after is taken for behind only if that is shorter, and little time passed in it")
    func explanations() {
        // As long as what would have been ahead.
        #expect(correct([0, -99, 401]) == [-99, -99, 401])
        // Too much time passed.
        #expect(correct([0, 5, 505, -94, 406, 906]) == [-599, -594, -94, -94, 406, 906])
        // The clock made no greater leap after it than before what would have been ahead.
        #expect(correct([0, 60, 590, 595, 566, 1066], steps: [(2, 30)]) == [0, 60, 561, 566, 566, 1066])
    }

    @Test("a clock that was behind for a while makes nothing before it earlier")
    func behind() {
        // The clock of a machine without a battery.
        let never = -Self.start / 60
        #expect(correct([0, 60, never, never + 5, 200]) == [0, 60, 195, 200, 200])
        #expect(correct([0, 60, never, never + 5]) == [0, 60, 60, 65])
        // A month, in a history of one snapshot an hour.
        let hours = (0..<1000).map { Int64($0) * 60 }
        let right = hours + [hours.last! + 120]
        let behind = hours + [hours.last! - 43_200, hours.last! + 120]
        #expect(correct(behind) == right.dropLast() + [right.last!, right.last!])
    }

    @Test("whatever the times are: they never decrease, and it takes no longer than they are long")
    func anything() {
        var random = SeededRandom()
        for round in 0..<300 {
            let count = Int.random(in: 0...60, using: &random)
            let spread = [3, 100, Int64.max / 2][round % 3]
            let times = (0..<count).map { _ in
                Instant(nanoseconds: Int64.random(in: -spread...spread, using: &random))
            }
            let steps = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                let (from, to) = (
                    Int64.random(in: .min ... .max, using: &random), Int64.random(in: -9...9, using: &random)
                )
                return (
                    place: Int.random(in: 0...count, using: &random),
                    step: ClockStep(
                        from: Instant(nanoseconds: round % 2 == 0 ? from : 0),
                        to: Instant(nanoseconds: to)
                    )
                )
            }
            let corrected =
                ClockCorrection.correct(times, steps: steps.sorted { $0.place < $1.place }) ?? times
            #expect(
                corrected.count == count && zip(corrected, corrected.dropFirst()).allSatisfy(<=),
                "\(random)"
            )
        }
        let correct = { (times: [Int64], steps: [(Int, Int64)]) in
            ClockCorrection.correct(
                times.map { Instant(nanoseconds: $0) },
                steps: steps.map { place, step in
                    (place, ClockStep(from: Instant(nanoseconds: 0), to: Instant(nanoseconds: step)))
                }
            )?.map(\.nanoseconds)
        }
        #expect(correct([0, 0, .max - 5, 5, 0], [(0, -9), (3, .max)]) == [.max, .max, .max, .max, .max])
        #expect(correct([.max - 5, .max, -1, 5, .min + 5], []) == [.max - 5, .max, .max, .max, .max])
        let falling = (0..<400_000).map { Instant(nanoseconds: -Int64($0)) }
        #expect(ClockCorrection.correct(falling, steps: []) == falling.map { _ in falling.last! })
    }
}
