import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// The roots of a repository, those whose description is damaged apart.
///
/// A root's path stands in its `root.json` and in a copy beside it. When the first cannot be read, the root
/// goes by the copy. When neither can, nobody knows what the root protects: it cannot be used until a repair
/// is told.
package struct RootList: Sendable {
    /// A root of which `root.json` cannot be used.
    package struct Damaged: Sendable {
        /// Where the repository keeps it.
        package let directory: FilePath
        /// Why.
        let error: any Error
        /// The same root as the copy has it; nil when that cannot be used either.
        package let root: RootDescription?

        /// What is damaged.
        package var file: FilePath { directory.appending(RootFile.name) }
        /// Whether it is damage, which a repair mends: else a newer version wrote it, or somebody else may
        /// have.
        package var isDamage: Bool { error.isDamageOfDescription }

        /// The same as an error of a command.
        package var failure: any Error { isDamage ? DamageError(file, at: 0, finding.message) : error }

        /// What a check says.
        package var finding: Finding {
            let rest = root == nil ? "the root cannot be used" : "the root is used by the copy of it"
            return Finding(.error, file, at: 0, "\(error.reasonOfDescription): \(rest)")
        }
    }

    /// Ordered by path; also those that go by their copies.
    package private(set) var usable: [RootDescription] = []
    /// Ordered by directory; also those that go by their copies.
    package private(set) var damaged: [Damaged] = []

    /// Those that cannot be used.
    package var unusable: [Damaged] { damaged.filter { $0.root == nil } }

    /// `directories`: all that lies in the directory of the roots.
    package init(_ directories: [FilePath]) {
        for directory in directories.sorted(by: { $0.string < $1.string })
        where directory.lastComponent.flatMap({ RootID($0.string) }) != nil {
            do {
                usable.append(try RootFile.read(in: directory))
            } catch {
                let copy = error.isDamageOfDescription ? try? RootFile.read(in: directory, .copy) : nil
                damaged.append(Damaged(directory: directory, error: error, root: copy))
                if let copy { usable.append(copy) }
            }
        }
        usable.sort { $0.path.string < $1.path.string }
    }
}

/// A path is in none of the roots that can be used. It may be in one of which nobody can tell what it
/// protects.
package struct UnusableRootError: Error, CustomStringConvertible {
    package let root: RootList.Damaged
    let path: FilePath

    package init(_ root: RootList.Damaged, mayBe path: FilePath) {
        self.root = root
        self.path = path
    }

    package var description: String {
        let advice = root.isDamage ? "run \(SuggestedCommand("repair"))" : "mend that first"
        return
            "\(path.printable) is in no root that can be used, and may be in \(root.directory.printable), of which "
            + "\(root.error.reasonOfDescription): \(advice)"
    }
}

extension Error {
    /// Whether it says that a description is damaged, missing or cannot be opened; not that a newer version
    /// wrote it, nor that its directory may be somebody else's.
    fileprivate var isDamageOfDescription: Bool {
        switch self as? RepositoryError {
        case .malformed: true
        case nil: (self as? SystemError).map { !$0.isShortage } ?? false
        default: false
        }
    }

    /// Without the path of the description, which everybody names beside it.
    fileprivate var reasonOfDescription: String {
        if case .malformed(let path, let reason)? = self as? RepositoryError {
            return "\(path.lastComponent?.string ?? "it") cannot be understood: \(reason)"
        }
        guard let error = self as? SystemError else { return "\(self)" }
        return "\(error.path?.lastComponent?.string ?? "the root") cannot be read: \(error.code)"
    }
}
