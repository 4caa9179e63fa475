import History
import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

// A watcher in the background.
extension WatchCommand {
    /// Starts a watcher for those of the roots that have none.
    func ensureWatcher() throws {
        let console = Console(options)
        _ = try console.end(
            Result {
                let repository = try options.openOrCreateRepository()
                let targets = try watch.targets(in: repository, options)
                let roots = try WatcherStart.ensure(targets, in: repository) { lock, watched in
                    let log = repository.path.appending("watch.log")
                    try Self.limit(log)
                    return try BackgroundProcess.start(
                        CurrentProcess.program,
                        named: "holdfast",
                        arguments(except: watched),
                        // It is not the service that a service manager may be waiting for.
                        environment: ["NOTIFY_SOCKET": nil, "WATCHDOG_USEC": nil],
                        input: lock,
                        output: log
                    )
                }
                for root in roots { try report(root.path, root.state, console) }
                return .done
            }
        )
    }

    /// Old messages go when there are many.
    private static func limit(_ log: FilePath) throws {
        let file = try OpenFile(log, .updateOrCreate)
        if try file.status().sizeBytes > 1 << 20 { try file.truncate(to: 0) }
    }

    /// The arguments of this process, as the watcher gets them.
    private func arguments(except watched: [FilePath]) -> [String] {
        let all = Arguments.all
        let end = all.firstIndex(of: "--") ?? all.endIndex
        let own = ["--ensured"] + watched.flatMap { ["--except", $0.argument] }
        // Its messages are for people.
        return all[..<end].filter { $0 != "--json" }.flatMap { $0 == "--ensure" ? own : [$0] } + all[end...]
    }

    private func report(_ root: FilePath, _ state: WatcherStart.State, _ console: Console) throws {
        let (action, pid, text): (String, Int32?, String) =
            switch state {
            case .started(let pid): ("started", pid, "a watcher was started, pid \(pid)")
            case .watched(let pid): ("unchanged", pid, "a watcher runs, pid \(pid)")
            case .starting: ("unchanged", nil, "a watcher is starting")
            }
        try console.result(
            json: EnsuredLine(root: root.string, action: action, pid: OrNull(pid)),
            text: "\(root.printable): \(text)"
        )
    }

    /// The same command with absolute paths. The process leaves the directory in which it was started, which
    /// may be removed, or its disk unmounted.
    func leavingDirectory() throws -> WatchCommand {
        Console.say("a watcher starts, pid \(CurrentProcess.identifier), \(Instant.now.rfc3339(in: .system))")
        var absolute = self
        let setting = try options.repositorySetting()
        if case .file = setting.origin {
        } else {
            absolute.options.repo = try RepositoryDirectory.absolute(setting.value).argument
        }
        let file = options.configurationFile
        let configuration = try options.configuration()
        if configuration != nil { absolute.options.config = file?.path.argument }
        if !watch.path.isEmpty || configuration?.roots.isEmpty ?? true {
            let repository = try options.openOrCreateRepository()
            absolute.watch.path = try watch.targets(in: repository, options).map {
                try RepositoryDirectory.absolute($0.path).argument
            }
        }
        try Directory.enter("/")
        return absolute
    }
}
