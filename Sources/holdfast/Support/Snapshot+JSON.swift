import History
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension HistoryListing.Snapshot {
    /// As `log --json` has it.
    var json: JSONObject {
        let object = JSONObject()
            .adding("sequence", record.state.sequence.rawValue)
            .adding("time", time)
            .adding("path", path.string)
            .adding("kind", kind.name)
            .adding("event", record.state.event.name)
            .adding("pages", record.pageCount)
            .adding("image_bytes", record.state.shape.byteCount)
            .adding("stored_bytes", record.storedBytes)
            .adding("digest", record.state.digest.hexadecimal)
            .adding("health", isGood.map { $0 ? "good" : "bad" } ?? "unknown")
            .adding("tags", tags)
        let counted = record.coalesced > 0 ? object.adding("coalesced", record.coalesced) : object
        return isHeld ? counted.adding("held", true) : counted
    }
}
