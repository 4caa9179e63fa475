import History
import RepositoryFormat

extension RecoveryEntry {
    /// Records it in the history, and tags the states before and after it. If programs wrote in between, the
    /// state before it is later than the first one with the tag.
    func record(
        _ tags: RecoveryTags,
        before state: SequenceNumber,
        _ capture: InPlaceRestore.Capture
    ) throws {
        _ = try capture([
            .tag(tags.before, at: state, isAutomatic: true),
            .tag(tags.after, at: result, isAutomatic: true), request,
        ])
    }
}
