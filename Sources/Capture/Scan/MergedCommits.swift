/// Commits that share a snapshot and were not delivered one by one.
struct MergedCommits {
    private(set) var count = 0
    /// There were others, of an unknown number.
    private(set) var isUncertain = false

    mutating func add(_ count: Int) { self.count += count }
    mutating func addUnknown() { isUncertain = true }
}
