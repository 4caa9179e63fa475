/// What happened to one root. Numbers only grow, also when its protection begins anew in the same watcher.
package struct CaptureCounters: Sendable {
    /// Snapshots that are exactly one transaction each.
    package var commits = 0
    /// Transactions that share a snapshot with others.
    package var coalesced = 0
    /// Spans in which single commits may have been missed.
    package var gaps = 0
    /// Comparisons of a whole file because something was not certain.
    package var rescans = 0
    /// Comparisons of a whole file only to make sure.
    package var audits = 0
    /// Audits that found a difference: each a bug, repaired by a snapshot.
    package var auditDifferences = 0
    /// How often a single file was captured anew after an error of the program itself.
    package var quarantines = 0
    package var flushes = FlushTimes()

    package init() {}
}
