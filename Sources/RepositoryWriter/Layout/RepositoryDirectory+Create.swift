package import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

extension RepositoryDirectory {
    /// Opens the repository at `path`. Creates it first if there is none. Throws as `init(at:)` does.
    package static func openOrCreate(at path: FilePath) throws -> RepositoryDirectory {
        let path = try absolute(path)
        let file = path.appending(fileName)
        if try (FileStatus.unlessMissing(file)?.sizeBytes ?? 0) == 0 { try create(file, in: path) }
        return try RepositoryDirectory(at: path)
    }

    private static func create(_ file: FilePath, in path: FilePath) throws {
        try Directory.make(path.appending("roots"))
        let directory = try OpenFile(path, .read)
        try directory.waitForExclusiveLock()
        // A crash leaves an empty one where a free name can only be taken by creating a file.
        if let status = try FileStatus.unlessMissing(file) {
            guard status.sizeBytes == 0 else { return }
            try Directory.remove(file)
        }
        let id = UInt64.random(in: 0 ... .max).hexadecimal + UInt64.random(in: 0 ... .max).hexadecimal
        do {
            try SmallFile.create(file, RepositoryFile(id: id, created: .now))
        } catch let error as SystemError where error.code == .fileExists {
            // Another process was faster: its repository is used.
        }
    }

    /// Adds a root. If that path, or another name of it, is a root already, that root is returned. Throws
    /// `UnusableRootError` when there is none and a root with an unknown path may be it.
    package func addRoot(_ path: FilePath, kind: RootKind, now: Instant = .now) throws -> RootDescription {
        let path = try Self.absolute(path)
        let directory = try OpenFile(self.path, .read)
        try directory.waitForExclusiveLock()
        let resolved = Self.resolvedAsFarAsPossible(path)
        let roots = try roots()
        if let known = roots.usable.first(where: {
            $0.kind == kind && ($0.path == path || Self.resolvedAsFarAsPossible($0.path) == resolved)
        }) {
            return known
        }
        if let unusable = roots.unusable.first { throw UnusableRootError(unusable, mayBe: path) }
        let id = RootID.random()
        let final = self.path.appending("roots").appending("\(id)")
        let draft = self.path.appending("roots").appending("\(id).new")
        for name in ["mirror", "bases", "segments"] { try Directory.make(draft.appending(name)) }
        let root = RootDescription(id: id, path: path, kind: kind, created: now, directory: final)
        let file = RootFile(root)
        for name in [RootFile.name, RootFile.copyName] { try SmallFile.create(draft.appending(name), file) }
        try Directory.rename(draft, to: final)
        try Directory.synchronise(self.path.appending("roots"))
        return try RootFile.read(in: final)
    }
}
