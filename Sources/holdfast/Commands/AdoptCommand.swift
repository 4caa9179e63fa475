import ArgumentParser
import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

struct AdoptCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Make the history of a remote the one of this machine's repository.",
        discussion: """
            For a new machine, or a new disk: fetches all of the remote into the repository, which is made if there is none. \
            A watcher, or push, then go on with that history. Should another machine still ship to the remote, the one that \
            ships first keeps it, and the other one stops: end that watcher before. One that was interrupted goes on when it is \
            run again.

            Exit status: 0 done, 1 failed, 4 the remote is damaged, 10 there is no such remote, 12 the key does not fit, 64 \
            wrong usage.

            Examples:
              holdfast adopt file:///mnt/nas/holdfast
              holdfast adopt s3://bucket/prefix --key offsite.key
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The remote: its URL, or its name in the configuration.")
    var url: String

    @OptionGroup var remote: RemoteOptions

    @OptionGroup var progress: ProgressOption

    func perform(_ console: Console) throws -> ExitStatus {
        let settings = remote.settings(try RemoteChoice.named(url, options))
        let path = try options.repositoryPath()
        let work = WorkProgress()
        let adopted = try console.showing(work, wantsLines: progress.progress) {
            try adopt(settings, in: path, work, console)
        }
        let roots = try RepositoryDirectory(at: path).roots().usable
        for (id, state) in adopted {
            guard let root = roots.first(where: { $0.id == id }) else { continue }
            try console.result(
                json: AdoptLine(root: root, repository: path, sequence: state.lastSequence),
                text:
                    "\(root.path.printable): its history up to snapshot \(state.lastSequence) is in \(path.printable)"
            )
            if FileStatus.ifPresent(root.path) == nil {
                let command = SuggestedCommand("restore", root.path, "--at", "latest", "--output", root.path)
                console.message("to bring it back: \(command)")
            }
        }
        if settings.name == nil {
            let sealing = settings.isEncrypted ? ["--recipient", "RECIPIENT"] : []
            let command = SuggestedCommand(["remote", "add", "NAME", settings.url] + sealing)
            console.message("to ship to it from here: \(command)")
        }
        return .done
    }

    /// Returns the roots that are there now, with what the remote had of them.
    private func adopt(
        _ settings: RemoteSettings,
        in path: FilePath,
        _ work: WorkProgress,
        _ console: Console
    ) throws -> [(RootID, RemoteState)] {
        try EventLoop.run("adopt") { loop in
            let session = RemoteSession(settings, on: loop, console)
            let access = try await session.openForReading()
            return try await session.naming { () -> [(RootID, RemoteState)] in
                let roots = try await access.roots()
                guard !roots.isEmpty else { throw RemoteError(.missing, "nothing was shipped to it yet") }
                let repository = try MadeRepository.openOrMake(at: path, id: access.repository)
                let known = try repository.roots().usable
                var states: [(RootID, RemoteState)] = []
                var others: [RootID] = []
                for root in roots {
                    guard let present = known.first(where: { $0.id == root }) else {
                        others.append(root)
                        continue
                    }
                    // Of an adoption that was interrupted.
                    guard let cursor = try ShippingCursor(present, access.address) else {
                        throw Failure(
                            .failed,
                            "\(path.printable) has the root \(root) already: name another one with --repo"
                        )
                    }
                    states.append((root, cursor.state))
                }
                guard !others.isEmpty else {
                    throw Failure(.failed, "\(path.printable) has all roots of the remote already")
                }
                for root in others {
                    let adoption = Adoption(access, in: repository.path, progress: work)
                    states.append((root, try await adoption.run(root)))
                }
                return states
            }
        }
    }
}
