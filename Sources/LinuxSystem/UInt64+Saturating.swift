/// Sums of numbers from outside, such as lengths of files. They stop at the largest value.
extension UInt64 {
    package func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }

    package func subtractingSaturated(_ other: UInt64) -> UInt64 { self - Swift.min(self, other) }

    package func multipliedSaturated(by other: UInt64) -> UInt64 {
        let (product, isBeyond) = multipliedReportingOverflow(by: other)
        return isBeyond ? .max : product
    }

    package mutating func addSaturated(_ other: UInt64) { self = addingSaturated(other) }
}
