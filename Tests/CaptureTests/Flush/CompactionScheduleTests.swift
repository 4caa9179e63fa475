import LinuxSystem
import RepositoryFormat
import Testing

@testable import Capture

@Suite("The schedule of compaction")
struct CompactionScheduleTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    private func later(_ duration: Duration) -> MonotonicInstant { start.advanced(by: duration) }

    @Test("the segment that is written to is none that waits")
    func first() {
        var schedule = CompactionSchedule()
        let isDue = schedule.wrote(to: SequenceNumber(1), at: start)
        let isDueAgain = schedule.wrote(to: SequenceNumber(1), at: later(.seconds(60)))
        #expect(!isDue && !isDueAgain && !schedule.isAnyWaiting)
    }

    @Test("a segment that took its time is compacted at once, one that was filled fast waits")
    func age() {
        for (age, isExpected) in [(CompactionSchedule.fastAge, true), (.milliseconds(4999), false)] {
            var schedule = CompactionSchedule()
            _ = schedule.wrote(to: SequenceNumber(1), at: start)
            let isDue = schedule.wrote(to: SequenceNumber(9), at: later(age))
            #expect(isDue == isExpected)
            #expect(schedule.isAnyWaiting)
            schedule.began()
            #expect(!schedule.isAnyWaiting)
        }
    }

    @Test("so many that were filled fast do not wait")
    func many() {
        var schedule = CompactionSchedule()
        var due: [Int] = []
        for number in 1...20 where schedule.wrote(to: SequenceNumber(UInt64(number)), at: start) {
            due.append(number)
            schedule.began()
        }
        #expect(due == [CompactionSchedule.mostWaiting + 1])
    }

    @Test("a segment is old after a day of writing to it, not after its first day of nothing")
    func old() {
        var schedule = CompactionSchedule()
        #expect(!schedule.isOld(at: later(.seconds(200_000))))
        _ = schedule.wrote(to: SequenceNumber(1), at: start)
        #expect(!schedule.isOld(at: later(.seconds(86_399))))
        #expect(schedule.isOld(at: later(.seconds(86_400))))
        _ = schedule.wrote(to: SequenceNumber(2), at: later(.seconds(86_400)))
        #expect(!schedule.isOld(at: later(.seconds(86_401))))
    }
}

@Suite("Memory that is free")
struct FreeMemoryTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("goes back when it is much: in a quiet, or once in a minute without one")
    func due() {
        var memory = FreeMemory(at: start)
        let minute = start.advanced(by: FreeMemory.interval)
        memory.used(FreeMemory.leastBytes - 1)
        #expect(!memory.isWorthwhile && !memory.isDue(at: minute))
        memory.used(1)
        #expect(memory.isWorthwhile && memory.isDue(at: minute))
        #expect(!memory.isDue(at: start.advanced(by: .seconds(59))))
        memory.returned(at: minute)
        #expect(!memory.isWorthwhile && !memory.isDue(at: minute.advanced(by: FreeMemory.interval)))
    }
}
