import LinuxSystem

/// Cuts bytes among parts that follow each other, in proportion to their weights. Rounding loses none: the
/// shares of all parts are all bytes.
struct ProportionalShares {
    private var given: UInt64 = 0

    /// What the next part gets. `weight`: of all parts up to it, at most `total`, which is not 0.
    mutating func next(of bytes: UInt64, upTo weight: UInt64, of total: UInt64) -> UInt64 {
        // The weight is a part of the total, so it fits. A sparse file may seem to have any number of bytes.
        let upToHere = total.dividingFullWidth(bytes.multipliedFullWidth(by: weight)).quotient
        defer { given = upToHere }
        return upToHere.subtractingSaturated(given)
    }
}
