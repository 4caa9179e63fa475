import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The writer's side of a root's durable mark. Without a mark the stream only proves less, so a failed write
/// does not fail the flush. There is then no mark until the next flush.
final class DurableMarkFile {
    private let path: FilePath
    private var file: OpenFile?

    init(_ root: RootDescription) { path = root.durableMarkPath }

    /// Replaces the mark.
    func write(_ mark: DurableMark) throws(SystemError) {
        let isNew = file == nil
        if isNew { file = try OpenFile(path, .updateOrCreate) }
        let bytes = mark.encoded()
        do throws(SystemError) {
            try file!.write(unsafe bytes.span.bytes, at: 0)
            // From now on it is written in place, into an allocated block of the file.
            if isNew { try file!.synchronise() }
        } catch {
            try file.take()?.truncate(to: 0)
            throw error
        }
    }
}
