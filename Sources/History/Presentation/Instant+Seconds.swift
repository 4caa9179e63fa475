package import LinuxSystem

// An instant as Unix seconds and additional nanoseconds. Its 64 bits of nanoseconds cover 1677-09-21 to
// 2262-04-11.
extension Instant {
    /// - Parameters:
    ///   - unixSeconds: whole seconds since the epoch, rounded down.
    ///   - nanosecond: the additional nanoseconds, 0 to 999,999,999.
    /// - Returns: nil if 64 bits cannot hold the moment.
    package init?(unixSeconds: Int64, nanosecond: Int) {
        // Multiplied downwards from zero, the earliest moments would overflow in between: their second,
        // rounded down, is just out of range. So count from the second above.
        let fromAbove = unixSeconds < 0 && nanosecond > 0
        let second = fromAbove ? unixSeconds + 1 : unixSeconds
        let rest = fromAbove ? Int64(nanosecond) - 1_000_000_000 : Int64(nanosecond)
        let (product, tooLarge) = second.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = product.addingReportingOverflow(rest)
        guard !tooLarge, !overflow else { return nil }
        self.init(nanoseconds: sum)
    }

    /// Whole seconds since the epoch, rounded down.
    package var unixSeconds: Int64 { nanoseconds.dividedDown(by: 1_000_000_000) }

    /// The nanoseconds beyond `unixSeconds`: 0 to 999,999,999.
    package var nanosecond: Int { Int(nanoseconds &- unixSeconds &* 1_000_000_000) }
}

extension Int64 {
    /// The quotient, rounded down.
    func dividedDown(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
