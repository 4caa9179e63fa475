import Capture
import Testing

@testable import Service

@Suite("The histogram of flushes")
struct HistogramTests {
    @Test("has the sum up to each bound, and all at +Inf and as the count")
    func cumulative() {
        var times = FlushTimes()
        for duration in [Duration.microseconds(100), .microseconds(500), .milliseconds(7), .seconds(60)] {
            times.add(duration)
        }
        let samples = WatcherStatus.Histogram(times).samples
        let buckets = samples.filter { $0.suffix == "_bucket" }
        #expect(buckets.map { $0.labels.map(\.name) } == Array(repeating: ["le"], count: 15))
        #expect(
            buckets.map { $0.labels[0].value } == [
                "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1",
                "2.5",
                "5", "10", "+Inf",
            ]
        )
        #expect(buckets.map(\.value) == [2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4])
        #expect(samples.suffix(2).map(\.suffix) == ["_sum", "_count"])
        #expect(samples[15].value == 60.0076 && samples[16].value == 4)
    }

    @Test(
        "is left out if a watcher sends numbers that are none",
        arguments: [
            .init(bounds: [1, 2], counts: [1, 2], sum: 1), .init(bounds: [2, 1], counts: [1, 2, 3], sum: 1),
            .init(bounds: [1, 1], counts: [1, 2, 3], sum: 1), .init(bounds: [], counts: [], sum: 1),
            .init(bounds: [1, .infinity], counts: [1, 2, 3], sum: 1),
            .init(bounds: [.nan], counts: [1, 2], sum: 1),
        ] as [WatcherStatus.Histogram]
    )
    func wrong(_ histogram: WatcherStatus.Histogram) { #expect(histogram.samples.isEmpty) }

    @Test("stops at the largest number")
    func large() {
        let histogram = WatcherStatus.Histogram(bounds: [1], counts: [.max, .max], sum: 1)
        #expect(histogram.samples.last?.value == Double(UInt64.max))
    }
}
