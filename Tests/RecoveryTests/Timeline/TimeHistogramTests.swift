import LinuxSystem
import Testing

@testable import History

@Suite struct TimeHistogramTests {
    @Test("counts in equal parts of the span, the last moment in the last part")
    func columns() {
        var histogram = TimeHistogram(.unix(0) ... .unix(100), columns: 10)
        for (place, second) in [0, 9, 10, 55, 99, 100].enumerated() {
            histogram.add(.madeUp(Int64(second), UInt64(place + 1)), RowTally(added: 9, removed: 2))
        }
        #expect(histogram.commits == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2])
        #expect(histogram.pages == [6, 3, 0, 0, 0, 3, 0, 0, 0, 6])
        #expect(histogram.rowsRemoved == [4, 2, 0, 0, 0, 2, 0, 0, 0, 4])
        #expect(histogram.columnDuration == .seconds(10))
    }

    @Test("a snapshot of several transactions counts as that many commits")
    func coalesced() {
        var histogram = TimeHistogram(.unix(0) ... .unix(9), columns: 1)
        histogram.add(.madeUp(1, 1, coalesced: 7))
        histogram.add(.madeUp(2, 2))
        #expect(histogram.commits == [8])
    }

    @Test("has the columns of tags and gaps, a gap outside of the span at its edge")
    func marks() {
        var histogram = TimeHistogram(.unix(100) ... .unix(200), columns: 4)
        histogram.add(.madeUp(130, 1, tags: ["a", "b"]))
        for second in [50, 199, 900] { histogram.addGap(from: .unix(Int64(second))) }
        #expect(histogram.tagged == [1] && histogram.gaps == [0, 3])
        #expect(histogram.tags.map(\.name) == ["a", "b"])
        #expect(histogram.tags.map(\.time) == [.unix(130), .unix(130)])
    }

    @Test("a span without length and the longest one have their columns")
    func extremes() {
        var point = TimeHistogram(.unix(5) ... .unix(5), columns: 8)
        point.add(.madeUp(5, 1))
        #expect(point.commits == [1, 0, 0, 0, 0, 0, 0, 0] && point.columnDuration == .zero)
        let longest = TimeHistogram(
            Instant(nanoseconds: .min)...Instant(nanoseconds: .max),
            columns: 3
        )
        #expect(longest.column(of: Instant(nanoseconds: .min)) == 0)
        #expect(longest.column(of: .unix(0)) == 1)
        #expect(longest.column(of: Instant(nanoseconds: .max)) == 2)
    }
}
