import LinuxSystem
import RepositoryReader
import SystemPackage

/// `set-aside/TIME`: the directory of the files that one repair quarantines. Names in it are those in the
/// root.
struct QuarantineDirectory {
    let path: FilePath
    private let directory: FilePath

    /// Makes a new one. `directory`: the root's.
    init(in directory: FilePath, now: Instant) throws {
        self.directory = directory
        let all = directory.appending("set-aside")
        let stamp = SmallFile.text(now).filter { $0 != "-" && $0 != ":" }
        var (name, number) = (stamp, 1)
        while try FileStatus.unlessMissing(all.appending(name), followingLinks: false) != nil {
            number += 1
            name = "\(stamp)-\(number)"
        }
        path = all.appending(name)
        try Directory.make(path)
    }

    /// The path in it for a path of the root.
    func target(_ item: FilePath) throws -> FilePath {
        var name = item
        _ = name.removePrefix(directory)
        let target = path.appending(name.components)
        try Directory.make(target.removingLastComponent())
        return target
    }

    /// Moves a file or directory of the root there.
    func take(_ item: FilePath) throws {
        let target = try target(item)
        try Directory.rename(item, to: target)
        try Directory.synchronise(item.removingLastComponent())
        try Directory.synchronise(target.removingLastComponent())
    }
}
