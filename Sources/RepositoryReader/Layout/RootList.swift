import LinuxSystem
import RepositoryFormat
package import SystemPackage

/// The roots of a repository. Those with a damaged description are listed separately.
///
/// A root's path is in its `root.json` and in a copy beside it. When the first cannot be read, the copy is
/// used. When neither can be read, nobody knows which files the root protects. It cannot be used until a
/// repair gets the path.
package struct RootList: Sendable {
    /// A root with an unusable `root.json`.
    package struct Damaged: Sendable {
        /// Its directory in the repository.
        package let directory: FilePath
        /// Why it cannot be used.
        let error: any Error
        /// The same root as described by the copy; nil when that cannot be used either.
        package let root: RootDescription?

        /// The damaged file.
        package var file: FilePath { directory.appending(RootFile.name) }
        /// Whether it is damage, which a repair fixes. Otherwise a newer version wrote it, or another user
        /// may have.
        package var isDamage: Bool { error.isDamageOfDescription }

        /// The same as an error of a command.
        package var failure: any Error { isDamage ? DamageError(file, at: 0, finding.message) : error }

        /// The finding that a check reports.
        package var finding: Finding {
            let rest = root == nil ? "the root cannot be used" : "the root is used by the copy of it"
            return Finding(.error, file, at: 0, "\(error.reasonOfDescription): \(rest)")
        }
    }

    /// Ordered by path; including those described by their copies.
    package private(set) var usable: [RootDescription] = []
    /// Ordered by directory; including those described by their copies.
    package private(set) var damaged: [Damaged] = []

    /// Those that cannot be used.
    package var unusable: [Damaged] { damaged.filter { $0.root == nil } }

    /// `directories`: everything in the directory of the roots.
    init(_ directories: [FilePath], _ baseFiles: BaseFiles) {
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
        for index in usable.indices { usable[index].baseFiles = baseFiles }
        usable.sort { $0.path.string < $1.path.string }
    }
}

/// A path is in none of the usable roots. It may be in one of which the path is unknown.
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
    /// Whether it means that a description is damaged, missing or cannot be opened. A newer version's
    /// description is not damaged, nor is one in another user's directory.
    fileprivate var isDamageOfDescription: Bool {
        switch self as? RepositoryError {
        case .malformed: true
        case nil: (self as? SystemError).map { !$0.isShortage } ?? false
        default: false
        }
    }

    /// Without the path of the description, which every message names beside it.
    fileprivate var reasonOfDescription: String {
        if case .malformed(let path, let reason)? = self as? RepositoryError {
            return "\(path.lastComponent?.string ?? "it") cannot be understood: \(reason)"
        }
        guard let error = self as? SystemError else { return "\(self)" }
        return "\(error.path?.lastComponent?.string ?? "the root") cannot be read: \(error.code)"
    }
}
