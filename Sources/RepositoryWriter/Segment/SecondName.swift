import LinuxSystem
import RepositoryFormat
import SystemPackage

/// Keeps a file under one more name, so that it always has one while another file takes its place.
enum SecondName {
    /// Throws `SystemError` EEXIST when the name is taken. Where files have only one name, the new name gets
    /// a copy, which is durable when this returns. The file must not change meanwhile.
    static func keep(_ path: FilePath, as name: FilePath) throws {
        do {
            try Directory.addName(name, to: path)
        } catch {
            guard error.lacksLinks else { throw error }
            try copy(path, as: name)
        }
    }

    private static func copy(_ path: FilePath, as name: FilePath) throws {
        let draft = name.appending(suffix: ".\(UInt64.random(in: 0 ... .max).hexadecimal).new")
        do {
            let copy = try OpenFile(draft, .createNew)
            let end = try FileStatus.of(path).sizeBytes
            try SegmentSuccession.copyFront(of: path, to: copy, from: 0, upTo: end)
            try copy.synchronise()
            try Directory.renameToNew(draft, to: name)
        } catch {
            try? Directory.remove(draft)
            throw error
        }
    }
}
