import History
import RepositoryFormat

extension RecoveryEntry {
    /// Writes it into the history, and tags the states before and after it: where programs wrote in between,
    /// the state before it is a later one than the first that got the tag.
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
