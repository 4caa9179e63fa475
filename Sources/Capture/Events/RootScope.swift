import LinuxSystem
import SQLiteFiles
package import SystemPackage

/// Decides which names under a root are protected, which belong to a database, and which are excluded.
///
/// The rules, in order:
/// 1. A name is excluded if it is in an excluded directory, as is the root's own `backups`.
/// 2. A name is excluded if an exclusion matches its whole relative name or its last component.
/// 3. A file that an in-place restore renamed is excluded.
/// 4. A name that ends in `-wal`, `-shm` or `-journal` may be a sidecar of the file before the ending. It is
///    excluded if that file is.
/// 5. A temporary file of an editor or of SQLite is excluded.
/// 6. All other names are protected. Endings mean nothing: the first 16 bytes decide what is a database.
package struct RootScope: Sendable {
    /// Shell patterns (`fnmatch(3)`).
    let exclusions: [String]

    package init(exclusions: [String] = []) {
        self.exclusions = exclusions
    }

    enum Role: Hashable, Sendable {
        case protected
        /// Belongs to the file of this name if that is a database; otherwise it is protected by itself.
        case sidecar(Sidecar, of: FilePath)
        case ignored
    }

    /// The role of the file `name` (relative to the root).
    func role(of name: FilePath) -> Role {
        guard let last = name.lastComponent?.string else { return .ignored }
        if isExcluded(name) || Self.isAside(last) { return .ignored }
        for sidecar in Sidecar.allCases {
            guard let owner = name.dropping(suffix: sidecar.rawValue) else { continue }
            return role(of: owner) == .ignored ? .ignored : .sidecar(sidecar, of: owner)
        }
        return Self.isTemporary(last) ? .ignored : .protected
    }

    /// Whether a file of that name (relative to the root) is captured, by itself or with its database.
    package func protects(_ name: FilePath) -> Bool {
        role(of: name) != .ignored && !name.directoriesAbove.contains(where: leavesOut)
    }

    /// Whether the directory `name` (relative to the root) is excluded with its content.
    func leavesOut(directory name: FilePath) -> Bool {
        name == "backups" || isExcluded(name)
            // An unfinished restore of our own.
            || name.lastComponent?.string.hasPrefix(".holdfast-restore-") ?? false
    }

    private func isExcluded(_ name: FilePath) -> Bool {
        guard !exclusions.isEmpty, let last = name.lastComponent else { return false }
        return exclusions.contains {
            Glob.matches(name, $0) || Glob.matches(FilePath(root: nil, components: last), $0)
        }
    }

    /// Temporary names of editors (`.x.swp`, `x~`, `#x#`, `4913`) and SQLite (super-journals `x-mjABCDEF12`,
    /// `etilqs_…`).
    private static func isTemporary(_ name: String) -> Bool {
        name.hasSuffix("~") || name.hasSuffix(".tmp") || name.hasPrefix(".#") || name == "4913"
            || (name.hasPrefix("#") && name.hasSuffix("#"))
            || (name.hasPrefix(".") && (name.hasSuffix(".swp") || name.hasSuffix(".swx")))
            || name.hasPrefix("etilqs_") || isSuperJournal(name) || isRepositoryDraft(name)
    }

    /// `NAME.corrupted-YYYYMMDD-HHMMSS`, or `replaced` or `undone`, and any text after that.
    private static func isAside(_ name: String) -> Bool {
        // Called for each event: most names have too few dashes.
        name.utf8.count(where: { $0 == UInt8(ascii: "-") }) >= 2
            && ["corrupted", "replaced", "undone"].contains { word in
                name.ranges(of: ".\(word)-").contains { range in
                    let stamp = name[range.upperBound...].utf8.prefix(15)
                    return stamp.count == 15
                        && stamp.enumerated().allSatisfy {
                            $0 == 8 ? $1 == UInt8(ascii: "-") : $1 >= 48 && $1 <= 57
                        }
                }
            }
    }

    /// `repository.json.` and 16 digits and `.new`: used while a repository is created.
    private static func isRepositoryDraft(_ name: String) -> Bool {
        name.hasPrefix("repository.json.") && name.hasSuffix(".new") && name.utf8.count == 36
    }

    private static func isSuperJournal(_ name: String) -> Bool {
        guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")) else { return false }
        let tail = name.utf8[dash...]
        return tail.starts(with: "-mj".utf8) && tail.dropFirst(3).count == 9
            && tail.dropFirst(3).allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 70) }
    }
}

extension FilePath {
    /// The directories that something of this relative name lies in: the nearest first, the root itself last.
    var directoriesAbove: some Sequence<FilePath> {
        sequence(state: self) { $0.removeLastComponent() ? $0 : nil }
    }
}
