import LinuxSystem
import Testing

@testable import holdfast

@Suite struct ProgressEstimateTests {
    private static func reading(
        _ bytes: UInt64,
        of total: UInt64 = 1000,
        _ stage: String = "a"
    )
        -> WorkProgress.Reading
    {
        WorkProgress.Reading(stage: stage, bytes: bytes, totalBytes: total)
    }

    private static func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test("knows rate and rest once half a second has passed")
    func rate() {
        var estimate = ProgressEstimate(Self.reading(0), at: Self.at(0))
        estimate.add(Self.reading(40), at: Self.at(400))
        #expect(estimate.bytesPerSecond == nil && estimate.remainingSeconds == nil)
        estimate.add(Self.reading(100), at: Self.at(1000))
        #expect(estimate.fraction == 0.1)
        #expect(estimate.bytesPerSecond == 100)
        #expect(estimate.remainingSeconds == 9)
    }

    @Test("takes the rate of the last ten seconds")
    func window() {
        var estimate = ProgressEstimate(Self.reading(0, of: 100_000), at: Self.at(0))
        for second in 1...10 as ClosedRange<Int64> {
            estimate.add(Self.reading(UInt64(second) * 1000, of: 100_000), at: Self.at(second * 1000))
        }
        for second in 11...20 as ClosedRange<Int64> {
            estimate.add(
                Self.reading(10_000 + UInt64(second - 10) * 10, of: 100_000),
                at: Self.at(second * 1000)
            )
        }
        #expect(estimate.bytesPerSecond == 10)
    }

    @Test("does not know the rest when nothing goes on, and rounds it up")
    func standstill() {
        var estimate = ProgressEstimate(Self.reading(10), at: Self.at(0))
        estimate.add(Self.reading(10), at: Self.at(2000))
        #expect(estimate.bytesPerSecond == 0 && estimate.remainingSeconds == nil)
        estimate.add(Self.reading(1000), at: Self.at(3000))
        #expect(estimate.remainingSeconds == 0)
        estimate = ProgressEstimate(Self.reading(0), at: Self.at(0))
        estimate.add(Self.reading(999), at: Self.at(1000))
        #expect(estimate.remainingSeconds == 1)
    }

    @Test("a stage that begins has no rate yet, and nothing to do is all done")
    func stages() {
        var estimate = ProgressEstimate(Self.reading(0), at: Self.at(0))
        estimate.add(Self.reading(500), at: Self.at(1000))
        estimate.add(Self.reading(600, of: 1000, "b"), at: Self.at(2000))
        #expect(estimate.bytesPerSecond == nil && estimate.fraction == 0.6)
        estimate.add(Self.reading(0, of: 1000, "b"), at: Self.at(3000))
        #expect(estimate.bytesPerSecond == nil && estimate.fraction == 0)
        estimate.add(Self.reading(0, of: 0, "c"), at: Self.at(4000))
        #expect(estimate.fraction == 1)
        #expect(Self.reading(2000).bytes == 1000, "never more than there is")
    }
}

@Suite struct ProgressBarTests {
    private static func bar(
        _ stage: String,
        _ bytes: UInt64,
        of total: UInt64,
        perSecond: UInt64?,
        columns: Int = 79
    ) -> String {
        let start = bytes - (perSecond ?? 0)
        var estimate = ProgressEstimate(
            WorkProgress.Reading(stage: stage, bytes: start, totalBytes: total),
            at: MonotonicInstant(nanoseconds: 0)
        )
        estimate.add(
            WorkProgress.Reading(stage: stage, bytes: bytes, totalBytes: total),
            at: MonotonicInstant(nanoseconds: perSecond == nil ? 0 : 1_000_000_000)
        )
        return ProgressBar(estimate: estimate, columns: columns).text
    }

    @Test("has the stage, a bar, sizes, rate and remaining time")
    func text() {
        let mebibyte: UInt64 = 1 << 20
        #expect(
            Self.bar("checking", 40 * mebibyte, of: 100 * mebibyte, perSecond: 10 * mebibyte)
                == "checking   40 %  [######---------]  40.0 MiB of 100.0 MiB  10.0 MiB/s  6 s left"
        )
        #expect(
            Self.bar("checking", 0, of: 10, perSecond: nil)
                == "checking    0 %  [--------------------]  0 B of 10 B"
        )
    }

    @Test(
        "fits its columns, whatever the numbers are",
        arguments: [
            (UInt64.max / 2, UInt64.max, 1 as UInt64?), (1023 << 20, 1024 << 20, 1000), (5 << 40, 6 << 50, 3),
            (1, .max, nil),
        ]
    )
    func width(_ bytes: UInt64, _ total: UInt64, _ perSecond: UInt64?) {
        for stage in ["checking", "reading base images", String(repeating: "a", count: 100)] {
            for columns in [79, 40, 10] {
                let text = Self.bar(stage, bytes, of: total, perSecond: perSecond, columns: columns)
                #expect(text.count <= columns)
            }
        }
    }
}
