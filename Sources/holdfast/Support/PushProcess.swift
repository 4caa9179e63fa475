import LinuxSystem
import Remote
import RepositoryReader
import SystemPackage

/// Ships what a watcher captures: `holdfast push --follow` beside it, for the remotes of the configuration.
typealias PushProcess = CompanionProcess<[RemoteSettings]>

extension CompanionProcess<[RemoteSettings]> {
    /// `configuration`: the file that names the remotes.
    convenience init(_ repository: RepositoryDirectory, configuration: FilePath?, isQuiet: Bool) throws {
        let arguments = ["push", "--follow", "--until-input-ends", "--repo=\(repository.path.argument)"]
        let file = configuration.map { ["--config=\($0.argument)"] } ?? []
        let kind = Kind(name: "push") { _ in
            arguments + file
        } meaning: { _ in
            .problem
        } failure: { _, reason in
            "nothing is shipped to the remotes: \(reason)"
        }
        try self.init(kind, isQuiet: isQuiet)
    }
}
