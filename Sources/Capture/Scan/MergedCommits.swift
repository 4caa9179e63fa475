/// Commits that share a snapshot and were not handed over one by one.
struct MergedCommits {
    private(set) var count = 0
    /// There were others, of which nobody knows how many.
    private(set) var isUncertain = false

    mutating func add(_ count: Int) { self.count += count }
    mutating func addUnknown() { isUncertain = true }
}
