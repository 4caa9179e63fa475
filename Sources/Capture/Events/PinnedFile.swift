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

    /// Whether it still has the name under which it was opened, where SQLite looks for it. What was moved
    /// away (`mv`), or has only another name left (`ln`, `cp -al`), is removed as far as SQLite knows. True
    /// also when that cannot be asked, or when its directory is elsewhere: then nothing counts as over.
    var isNamed: Bool {
        guard let status = try? file.status() else { return true }
        guard status.linkCount > 0 else { return false }
        do {
            if let named = try FileStatus.directUnlessMissing(file.path) {
                return named.identity == identity
            }
        } catch {
            return true
        }
        return FileStatus.directIfPresent(file.path.removingLastComponent())?.kind != .directory
    }
}
