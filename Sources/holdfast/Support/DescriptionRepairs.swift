import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage

/// Mends the descriptions of a repository's roots for `holdfast repair`, and says what came of it.
struct DescriptionRepairs {
    /// By the names of directories.
    private var paths: [String: FilePath] = [:]
    private let isDryRun: Bool

    /// - Parameter arguments: `ID=PATH`, as they were given.
    init(_ arguments: [String], isDryRun: Bool) throws {
        self.isDryRun = isDryRun
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw Failure(.wrongUsage, "--root-path \(argument): say ID=PATH")
            }
            paths[String(parts[0])] = FilePath(argument: String(parts[1]))
        }
    }

    /// Returns whether the path of each root is known now. Throws what hinders all, and `Failure` for an id
    /// that no root has.
    func run(_ repository: RepositoryDirectory, _ console: Console) throws -> Bool {
        let roots = try repository.roots()
        var (rest, isWhole) = (paths, true)
        for damaged in roots.damaged {
            let path = rest.removeValue(forKey: damaged.directory.lastComponent?.string ?? "")
            guard damaged.isDamage else {
                Console.warn(of: damaged)
                isWhole = false
                continue
            }
            let repair = DescriptionRepair(damaged)
            if path != nil || repair.isProven {
                try mend(repair, path, console)
            } else {
                isWhole = false
                try leave(damaged, repair, console)
            }
        }
        for root in roots.usable {
            if let path = rest.removeValue(forKey: root.id.description) {
                try mend(DescriptionRepair(root), path, console)
            } else if try root.mendCopy(isDryRun: isDryRun) {
                try tell(root.directory.appending("root-copy.json"), console)
            }
        }
        if let id = rest.keys.sorted().first {
            let place = repository.path.printable
            throw Failure(.notFound, "there is no root \(id) in \(place): see \(SuggestedCommand("check"))")
        }
        return isWhole
    }

    private func mend(_ repair: DescriptionRepair, _ path: FilePath?, _ console: Console) throws {
        if !isDryRun { _ = try repair.run(path: path) }
        try tell(repair.directory.appending("root.json"), console)
    }

    private func tell(_ file: FilePath, _ console: Console) throws {
        let what = isDryRun ? "to write anew" : "written anew"
        try console.result(
            json: RepairedFileLine(file: file.string, offset: 0, action: what),
            text: "\(what): \(file.printable)"
        )
    }

    private func leave(_ damaged: RootList.Damaged, _ repair: DescriptionRepair, _ console: Console) throws {
        let names = repair.names(most: 3).map(\.printable).joined(separator: ", ")
        let known = names.isEmpty ? "" : "; files of it are \(names)"
        let id = damaged.directory.lastComponent?.string ?? ""
        let message =
            "\(damaged.finding.message)\(known): nothing says what it protects, so it was left as it is: "
            + "run \(SuggestedCommand("repair", "--root-path", "\(id)=PATH"))"
        try console.result(
            json: RepairedFileLine(file: damaged.file.string, offset: 0, action: "none", message: message),
            text: "left: \(damaged.file.printable): \(message)"
        )
        console.warning("\(damaged.file.printable): \(message)")
    }
}
