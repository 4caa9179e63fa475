internal import FoundationEssentials
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

extension SmallFile {
    /// Writes a file that must not exist yet, and waits until content and name are on the disk.
    static func create(_ path: FilePath, _ value: some Encodable) throws {
        try write(path, value) { draft throws(SystemError) in try Directory.renameToNew(draft, to: path) }
        do {
            try Directory.synchronise(path.removingLastComponent())
        } catch {
            // The next attempt gives the name again.
            try? Directory.remove(path)
            throw error
        }
    }

    /// The same, replacing the existing file.
    static func replace(_ path: FilePath, _ value: some Encodable) throws {
        try write(path, value) { draft throws(SystemError) in try Directory.rename(draft, to: path) }
        try Directory.synchronise(path.removingLastComponent())
    }

    private static func write(
        _ path: FilePath,
        _ value: some Encodable,
        _ name: (FilePath) throws(SystemError) -> Void
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = [UInt8](try encoder.encode(value))
        bytes.append(UInt8(ascii: "\n"))
        let draft = path.appending(suffix: ".\(UInt64.random(in: 0 ... .max).hexadecimal).new")
        do {
            let file = try OpenFile(draft, .createNew)
            try file.write(unsafe bytes.span.bytes, at: 0)
            try file.synchronise()
            try name(draft)
        } catch {
            try? Directory.remove(draft)
            throw error
        }
    }
}
