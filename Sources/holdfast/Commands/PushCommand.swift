import ArgumentParser
import LinuxSystem
import Remote
import RepositoryReader
import Service

struct PushCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Ship to the remotes what they do not have yet.",
        discussion: """
            A watcher does that by itself for each remote of the configuration. Only what is durable in the repository is \
            shipped; the repository itself is not changed.

            Of two machines that ship the same root, one has the remote. The other one ends with status 12. With \
            --take-over, this machine gets it: all of its repository is shipped, and what others have shipped stays \
            in the remote as former batches.

            Exit status: 0 all is there, 1 failed, 3 some roots or remotes failed, 4 something was removed from the remote, \
            10 no such remote, 12 the remote belongs to another writer, or the key does not fit, 64 wrong usage.

            Examples:
              holdfast push
              holdfast push offsite --take-over
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A remote of the configuration. (default: all)")
    var name: String?

    @Flag(help: "Go on with what comes, until told to stop.")
    var follow = false

    @Flag(help: "Ship to a remote that belongs to another writer.")
    var takeOver = false

    @OptionGroup var progress: ProgressOption

    @OptionGroup var companion: CompanionOption

    mutating func validate() throws {
        if follow && takeOver { throw ValidationError("--follow and --take-over exclude each other") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let remotes = try name.map { [try RemoteChoice.named($0, options)] } ?? RemoteChoice.all(options)
        guard !remotes.isEmpty else { throw RemoteChoice.noneIsConfigured }
        let repository = try options.openRepository()
        if follow { return try followAll(remotes, repository, console) }
        let outcome = try Self.ship(
            try repository.roots().usable,
            of: repository,
            to: remotes,
            takingOver: takeOver,
            wantsLines: progress.progress,
            console
        )
        return try outcome.tell(console)
    }

    /// What became of each root at each remote.
    struct Outcome {
        private(set) var failures: [Failure] = []
        private var count = 0

        fileprivate mutating func add(_ failure: Failure?) {
            count += 1
            if let failure { failures.append(failure) }
        }

        var status: ExitStatus {
            guard let first = failures.first else { return .done }
            let isSame = failures.count == count && failures.allSatisfy { $0.status == first.status }
            return isSame ? first.status : .partial
        }

        /// Names all failures. Throws one of them if nothing was shipped.
        func tell(_ console: Console) throws -> ExitStatus {
            let status = status
            let isError = status != .done && status != .partial
            for failure in failures.dropFirst(isError ? 1 : 0) { console.warning(failure.message) }
            if isError, let first = failures.first { throw first }
            return status
        }
    }

    /// Ships these roots to these remotes, one after the other.
    ///
    /// - Parameters:
    ///   - isResult: whether what was shipped is a result of the command, or a message.
    ///   - wantsLines: with `--json`, progress is told as well.
    static func ship(
        _ roots: [RootDescription],
        of repository: RepositoryDirectory,
        to remotes: [RemoteSettings],
        takingOver: Bool = false,
        isResult: Bool = true,
        wantsLines: Bool = false,
        _ console: Console
    ) throws -> Outcome {
        guard !remotes.isEmpty else { throw RemoteChoice.noneIsConfigured }
        let work = WorkProgress()
        return try console.showing(work, wantsLines: wantsLines) {
            try ship(roots, of: repository, to: remotes, takingOver, isResult, work, console)
        }
    }

    private static func ship(
        _ roots: [RootDescription],
        of repository: RepositoryDirectory,
        to remotes: [RemoteSettings],
        _ takingOver: Bool,
        _ isResult: Bool,
        _ work: WorkProgress,
        _ console: Console
    ) throws -> Outcome {
        try EventLoop.run("push") { loop in
            var outcome = Outcome()
            for remote in remotes {
                let session = RemoteSession(remote, on: loop, console)
                do {
                    // If it was there before, its disk may not be mounted now.
                    let mayCreate = !isKnown(remote, to: roots) || takingOver
                    let access = try await session.openForWriting(repository, mayCreate: mayCreate)
                    let follower = RemoteFollower(access, remote, on: loop)
                    let results = await follower.ship(roots, takingOver: takingOver, progress: work) { root in
                        let path = root.path.printable
                        console.message("another process ships \(path) to \(remote.title): waiting for it")
                    }
                    for (root, result) in results {
                        outcome.add(try report(result, root, remote, isResult: isResult, console))
                    }
                } catch let failure as Failure {
                    for root in roots { RemoteFollower.report(remote.unnamed(failure.message), root, remote) }
                    outcome.add(failure)
                }
            }
            return outcome
        }
    }

    /// Whether something of these roots was shipped to it.
    private static func isKnown(_ remote: RemoteSettings, to roots: [RootDescription]) -> Bool {
        roots.contains { ShippingReport.current($0, remote).acknowledged != nil }
    }

    /// Returns why the root was not shipped; nil if it was.
    private static func report(
        _ result: Result<Shipment, any Error>,
        _ root: RootDescription,
        _ remote: RemoteSettings,
        isResult: Bool,
        _ console: Console
    ) throws -> Failure? {
        switch result {
        case .success(let shipment):
            let text = "\(root.path.printable): \(remote.title) has all up to snapshot \(shipment.sequence)"
            if isResult {
                try console.result(json: PushLine(remote: remote.title, root: root, shipment), text: text)
            } else {
                console.message(text)
            }
            return nil
        case .failure(let error): return failure(error, root, remote)
        }
    }

    private static func failure(
        _ error: any Error,
        _ root: RootDescription,
        _ remote: RemoteSettings
    ) -> Failure {
        let failure = (error as? RemoteError).map { Failure($0, of: remote) } ?? Failure(error)
        let reason = failure?.message ?? "\(error)"
        return Failure(failure?.status ?? .failed, "\(root.path.printable): \(reason)")
    }

    /// What goes wrong with one remote leaves the others alone, and is tried again.
    private static func follow(
        _ repository: RepositoryDirectory,
        to remote: RemoteSettings,
        on loop: EventLoop,
        _ console: Console
    ) async throws {
        while true {
            do {
                let trouble = RemoteTrouble(repository, remote)
                let session = RemoteSession(remote, on: loop, console, telling: trouble)
                let access = try await session.openForWriting(repository)
                let watch = try FlushWatch(repository, on: loop)
                let follower = RemoteFollower(access, remote, on: loop, telling: trouble)
                try await follower.run(watch) { root, error in
                    console.warning(Self.failure(error, root, remote).message)
                }
            } catch {
                let roots = try repository.roots().usable
                let failure = Failure(error)
                var message = failure?.message ?? "\(remote.title): \(error)"
                if failure?.status == .notFound, let advice = advice(on: remote, newTo: roots) {
                    message += "; \(advice)"
                }
                console.warning(message)
                for root in roots { RemoteFollower.report(remote.unnamed(message), root, remote) }
                try await loop.sleep(for: RemoteFollower.patience)
            }
        }
    }

    /// A directory that is not there may have been named in the configuration only. It is not made without a
    /// word: its disk may not be mounted.
    private static func advice(on remote: RemoteSettings, newTo roots: [RootDescription]) -> String? {
        guard case .directory? = try? RemoteAddress(remote.url), let name = remote.name,
            !isKnown(remote, to: roots)
        else { return nil }
        return "if it is new: \(SuggestedCommand("push", name))"
    }

    private func followAll(
        _ remotes: [RemoteSettings],
        _ repository: RepositoryDirectory,
        _ console: Console
    ) throws -> ExitStatus {
        try companion.endInTime()
        try EventLoop.run("push") { loop in
            try await withThrowingTaskGroup { group in
                for remote in remotes {
                    group.addTask(executorPreference: loop) {
                        try await Self.follow(repository, to: remote, on: loop, console)
                    }
                }
                try await group.waitForAll()
            }
        }
        return .done
    }
}
