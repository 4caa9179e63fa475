import LinuxSystem
import SystemPackage

/// An open file that may lose its name at any moment, and can still be read then.
final class PinnedFile: Sendable {
    let file: OpenFile
    let identity: FileIdentity

    /// Opens it for reading. Anything but a regular file counts as missing: SQLite keeps nothing in it.
    init(_ path: FilePath) throws(SystemError) {
        file = try OpenFile(path, .protected)
        let status = try file.status()
        guard status.kind == .regular else {
            throw SystemError(.open, path, code: .noSuchFileOrDirectory)
        }
        identity = status.identity
    }

    /// Whether it still has a name. True also when that cannot be asked: then nothing counts as over.
    var isNamed: Bool { (try? file.status())?.linkCount ?? 1 > 0 }
}
