import LinuxSystem
import SystemPackage
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// Mirrors that are not as they were written, and what the recorder does then.
extension RandomHistory {
    /// Does to a mirror what a disk or a person may do.
    mutating func damageMirror(_ file: FileID) throws {
        let mirror = test.root.directory.appending("mirror").appending("\(file)")
        guard let content = try? mirror.content(), !content.isEmpty else { return }
        defer { formerMirrors[file] = content }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try mirror.flipByte(at: Int.random(in: 0..<content.count, using: &random))
        case 1:
            try mirror.replaceContent(
                Array(content.prefix(Int.random(in: 0..<content.count, using: &random)))
            )
        case 2: try mirror.replaceContent([UInt8](repeating: 0, count: content.count))
        case 3: if let former = formerMirrors[file] { try mirror.replaceContent(former) }
        case 4:
            try Directory.remove(mirror)
            if let former = formerMirrors[file] { try mirror.replaceContent(former) }
        default: break
        }
    }

    /// Between snapshots a mirror that is lost is rebuilt, and the step done again.
    mutating func rebuildingMirror<Value>(
        _ file: FileID,
        _ step: (RootWriter) throws -> Value
    ) throws -> Value {
        do {
            return try step(writer)
        } catch is SystemError where writer.hasLostMirror(file) && !writer.isUnfinished(file) {
            lostMirrors += 1
            try writer.abandonBase(file)
            try flush()
            return try step(writer)
        }
    }

    /// Amid a snapshot that is put together, that one is given up.
    mutating func unlessMirrorIsLost(_ index: Int, _ steps: (inout Self) throws -> Void) throws {
        do {
            try steps(&self)
        } catch is SystemError where writer.hasLostMirror(files[index].id) {
            lostMirrors += 1
            try writer.abandonBase(files[index].id)
            try abandoned(index)
        }
    }
}
