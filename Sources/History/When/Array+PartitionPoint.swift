extension Array {
    /// The first index at which `isBeyond` holds, `count` if nowhere; it must hold from there to the end.
    func partitionPoint(where isBeyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
