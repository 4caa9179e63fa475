import History
import RepositoryFormat

extension RecoveryEntry {
    /// Records it in the history, and tags the states before and after it. If programs wrote in between, the
    /// state before it is later than the first one with the tag. Returns the root's last snapshot then.
    func record(
        _ tags: RecoveryTags,
        before state: SequenceNumber,
        _ capture: InPlaceRestore.Capture
    ) throws -> SequenceNumber {
        try capture([
            .tag(tags.before, at: state, isAutomatic: true),
            .tag(tags.after, at: target, isAutomatic: true), request,
        ])
        .sequence
    }
}
