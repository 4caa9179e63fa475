import LinuxSystem
package import RepositoryFormat
import SystemPackage

extension RootDescription {
    /// The root's durable mark; nil when it has none. Readers read it before they list the segments: then the
    /// stream is at least as long. Throws `DamageError`, `RepositoryError.unsupported`, or `SystemError`.
    package func durableMark() throws -> DurableMark? {
        let file: OpenFile
        do {
            file = try StoredFile.open(durableMarkPath)
        } catch let error as SystemError where error.isAbsent {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: DurableMark.byteCount + 1)
        let count = try file.read(into: &bytes, count: bytes.count, at: 0)
        // A first write that failed, or that did not reach the disk before a power loss, leaves zeros.
        guard bytes[..<count].contains(where: { $0 != 0 }) else { return nil }
        let mark: DurableMark
        do throws(FormatError) {
            mark = try unsafe DurableMark(bytes.span.bytes.extracting(0..<count))
        } catch {
            throw error.inFile(durableMarkPath, at: 0)
        }
        guard mark.root == id else { throw DamageError(durableMarkPath, at: 0, "the mark of another root") }
        return mark
    }
}
