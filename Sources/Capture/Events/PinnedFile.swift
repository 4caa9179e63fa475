import LinuxSystem
import Synchronization
import SystemPackage

/// An open file that may lose its name at any moment, and can still be read then.
final class PinnedFile: Sendable {
    let file: OpenFile
    let identity: FileIdentity
    private let isElsewhere = Atomic<Bool>(false)

    /// Opens it for reading. Anything but a regular file counts as missing: SQLite keeps nothing in it.
    init(_ path: FilePath) throws(SystemError) {
        file = try OpenFile(path, .protected)
        let status = try file.status()
        guard status.kind == .regular else {
            throw SystemError(.open, path, code: .noSuchFileOrDirectory)
        }
        identity = status.identity
    }

    /// Whether it still has the name under which it was opened, where SQLite looks for it. True also when
    /// that cannot be asked: then nothing counts as over.
    var isNamed: Bool { !isElsewhere.load(ordering: .relaxed) && isLinked }

    /// Whether any name leads to it.
    var isLinked: Bool { (try? file.status())?.linkCount ?? 1 > 0 }

    /// An event told that the name came or went, or may have. What was moved away (`mv`), or has only another
    /// name left (`ln`, `cp -al`), is removed as far as SQLite knows.
    func checkName() { if isLinked { isElsewhere.store(!hasItsName, ordering: .relaxed) } }

    /// True also when its directory is elsewhere.
    private var hasItsName: Bool {
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
