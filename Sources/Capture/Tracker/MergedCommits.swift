/// Commits that came before the first capture of a file and share its snapshot.
struct MergedCommits {
    private(set) var count = 0
    /// There were others, of which nobody knows how many.
    private(set) var isUncertain = false

    mutating func add(_ count: Int) { self.count += count }
    mutating func addUnknown() { isUncertain = true }

    /// What a snapshot says of it: one commit shares it with no other.
    var coalesced: Int { count > 1 ? count : 0 }
}
