/// How long flushes took: how many of them, by fixed bounds.
///
/// The numbers are no array, so that counting one allocates nothing, whoever has a copy.
package struct FlushTimes: Sendable {
    /// Ascending. A flush belongs to the first bound that it does not exceed.
    package static let bounds: [Duration] = [
        .microseconds(500), .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10),
        .milliseconds(25), .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500),
        .seconds(1), .milliseconds(2500), .seconds(5), .seconds(10),
    ]

    private var numbers = InlineArray<15, UInt64>(repeating: 0)
    /// Of all flushes together.
    package private(set) var total = Duration.zero

    package init() {}

    /// From the begin of a flush to its being durable.
    package mutating func add(_ duration: Duration) {
        numbers[Self.bounds.firstIndex { duration <= $0 } ?? Self.bounds.count] += 1
        total += duration
    }

    /// How many belong to each bound; the last number is of those beyond all.
    package var counts: [UInt64] { numbers.indices.map { numbers[$0] } }
}
