extension RandomAccessCollection {
    /// Where the elements begin for which `isBeyond` holds, found by halves; `endIndex` if it holds for none.
    /// It must hold for all elements after the first for which it does.
    @inlinable
    package func partitioningIndex(where isBeyond: (Element) throws -> Bool) rethrows -> Index {
        var (low, remaining) = (startIndex, count)
        while remaining > 0 {
            let half = remaining / 2
            let middle = index(low, offsetBy: half)
            if try isBeyond(self[middle]) {
                remaining = half
            } else {
                low = index(after: middle)
                remaining -= half + 1
            }
        }
        return low
    }
}
