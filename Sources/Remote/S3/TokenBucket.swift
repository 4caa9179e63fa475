import LinuxSystem

/// Holds to a rate, on the average: who takes more than there is waits until it has come.
struct TokenBucket {
    let bytesPerSecond: Int
    /// When everything taken so far will have come. Earlier than now if there is something left.
    private var paidAt: MonotonicInstant

    /// It is full at first: a quarter of a second's bytes.
    init(bytesPerSecond: Int, now: MonotonicInstant) {
        self.bytesPerSecond = max(1, bytesPerSecond)
        paidAt = now.advanced(by: .zero - Self.capacity)
    }

    private static let capacity = Duration.milliseconds(250)

    /// Takes so many bytes. Returns how long to wait before they are used.
    mutating func take(_ byteCount: Int, now: MonotonicInstant) -> Duration {
        paidAt = max(paidAt, now.advanced(by: .zero - Self.capacity))
        paidAt = paidAt.advanced(by: .seconds(Double(byteCount) / Double(bytesPerSecond)))
        return max(.zero, now.duration(to: paidAt))
    }
}
