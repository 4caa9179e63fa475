import History
import LinuxSystem

/// The line that shows progress on a terminal. A pure value.
struct ProgressBar {
    let estimate: ProgressEstimate
    /// The most that the line may take.
    let columns: Int

    private static let barColumns = 20

    /// As `rebuilding   42 %  [########------------]  1.2 GiB of 2.9 GiB  120.0 MiB/s  14 s left`. What does
    /// not fit is left out, the bar first.
    var text: String {
        let reading = estimate.reading
        let percent = String(Int(estimate.fraction * 100)).paddedOnLeft(to: 3) + " %"
        let sizes = "\(Quantity.text(bytes: reading.bytes)) of \(Quantity.text(bytes: reading.totalBytes))"
        let rate = estimate.bytesPerSecond.map {
            Quantity.text(bytes: UInt64(exactly: $0.rounded()) ?? .max) + "/s"
        }
        let rest = estimate.remainingSeconds.map { Self.text(seconds: $0) + " left" }
        let front = "\(reading.stage)  \(percent)"
        let back = [sizes, rate, rest].compactMap { $0 }
        let free = columns - ([front] + back).reduce(-2) { $0 + $1.count + 2 } - "  []".count
        let bar = free < 5 ? [] : [Self.bar(estimate.fraction, columns: min(free, Self.barColumns))]
        return String(([front] + bar + back).joined(separator: "  ").prefix(max(0, columns)))
    }

    private static func bar(_ fraction: Double, columns: Int) -> String {
        let done = Int(fraction * Double(columns))
        return "[" + String(repeating: "#", count: done) + String(repeating: "-", count: columns - done) + "]"
    }

    private static func text(seconds: Int) -> String {
        seconds < 60 ? "\(seconds) s" : Quantity.text(.seconds(seconds))
    }
}
