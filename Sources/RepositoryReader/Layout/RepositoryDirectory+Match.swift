package import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// Finds the root of a path. A path has two forms here: as it is written, and with its symbolic links
/// followed as far as it exists. So has a root's. Any matching pair is enough; the innermost root wins.
extension RepositoryDirectory {
    /// The root that `path` is, or that protects the file at `path`. Symbolic links are followed, and the
    /// file need not exist any more. Relative paths start at the working directory. Nil when there is none.
    /// Throws `UnusableRootError` when there is none and a root with an unknown path may be it.
    package func root(for path: FilePath) throws -> RootMatch? { try root(for: path, among: roots()) }

    /// The same for several paths.
    package func root(for path: FilePath, among roots: RootList) throws -> RootMatch? {
        let written = try Self.absolute(path)
        if let match = Self.closest(to: written, among: roots) { return match }
        if let unusable = roots.unusable.first { throw UnusableRootError(unusable, mayBe: written) }
        return nil
    }

    /// The root that a command means when it names none. `directory` is absolute. The search is:
    /// 1. The root that contains `directory`.
    /// 2. Else, in `directory` and then in each directory above it: the file `name`, if it is a root or in
    ///    one.
    /// 3. If a file `name` exists and is not protected, the search ends. It is returned as `unprotected`.
    ///
    /// Throws `UnusableRootError` like `root(for:)`.
    package func root(
        around directory: FilePath,
        named name: FilePath.Component
    ) throws -> (match: RootMatch?, unprotected: FilePath?) {
        let roots = try roots()
        if let match = Self.closest(to: directory, among: roots) {
            return (RootMatch(root: match.root, name: nil), nil)
        }
        var place = directory.lexicallyNormalized()
        while true {
            let path = place.appending(name)
            if let match = Self.closest(to: path, among: roots) { return (match, nil) }
            if FileStatus.ifPresent(path) != nil { return (nil, path) }
            guard place.lastComponent != nil else { break }
            place.removeLastComponent()
        }
        if let unusable = roots.unusable.first { throw UnusableRootError(unusable, mayBe: directory) }
        return (nil, nil)
    }

    private static func closest(to written: FilePath, among roots: RootList) -> RootMatch? {
        let forms = [resolvedAsFarAsPossible(written), written]
        var best: (match: RootMatch, depth: Int)?
        for root in roots.usable {
            let rootForms = [resolvedAsFarAsPossible(root.path), root.path]
            for form in forms {
                for rootForm in rootForms {
                    guard let match = match(form, root, at: rootForm) else { continue }
                    let depth = rootForm.components.count
                    if best == nil || depth > best!.depth { best = (match, depth) }
                }
            }
        }
        return best?.match
    }

    private static func match(_ path: FilePath, _ root: RootDescription, at rootPath: FilePath) -> RootMatch?
    {
        switch root.kind {
        case .file:
            guard path == rootPath, let name = root.path.lastComponent else { return nil }
            return RootMatch(root: root, name: FilePath(root: nil, [name]))
        case .directory:
            var rest = path
            guard rest.removePrefix(rootPath) else { return nil }
            return RootMatch(root: root, name: rest.isEmpty ? nil : rest)
        }
    }

    /// The path from the file system's root, without `.` and `..`.
    package static func absolute(_ path: FilePath) throws(SystemError) -> FilePath {
        try Directory.absolute(path).lexicallyNormalized()
    }

    /// The path with the symbolic links of its longest existing part followed.
    package static func resolvedAsFarAsPossible(_ path: FilePath) -> FilePath {
        var existing = path
        var missing: [FilePath.Component] = []
        while let last = existing.lastComponent {
            if let resolved = try? Directory.resolve(existing) {
                return missing.reversed().reduce(resolved) { $0.appending($1) }
            }
            missing.append(last)
            existing = existing.removingLastComponent()
        }
        return path
    }
}
