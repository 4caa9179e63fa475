import History
import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

/// Collects the files of a support bundle. Nothing hinders it: what cannot be had is said in its file.
struct SupportCollection {
    private let options: GlobalOptions
    private let redaction: Redaction?
    /// The repository's path, or why nobody knows it.
    private let path: Result<FilePath, any Error>
    private let repository: Result<RepositoryDirectory, any Error>
    /// Why names that are to be replaced may be unknown.
    private var unknownNames: Failure?

    /// The longest that names, and after that all files together, are waited for.
    static let patience = (names: Duration.seconds(20), files: Duration.seconds(60))

    init(_ options: GlobalOptions, redacts: Bool) throws {
        self.options = options
        let path = Result { try options.repositoryPath() }
        let repository = path.flatMap { path in Result { try RepositoryDirectory(at: path) } }
        (self.path, self.repository) = (path, repository)
        redaction = redacts ? Redaction() : nil
        guard let redaction else { return }
        redaction.addSurroundings(
            repository: try? path.get(),
            configuration: options.configurationFile?.path
        )
        let list = try? repository.get().roots()
        let roots = list?.usable ?? []
        let problems = SupportFile("names", "", nil)
        for root in list?.unusable ?? [] { problems.add(missing: root.failure) }
        let late = try ConcurrentWork.run(
            [
                {
                    for (number, root) in roots.enumerated() {
                        Self.goingOn(problems) { try redaction.addNames(in: root, number: number + 1) }
                    }
                }
            ],
            within: Self.patience.names
        )
        if !late.isEmpty || !problems.close().problems.isEmpty {
            unknownNames = Failure(.failed, "not all names are known, which these messages may have")
        }
    }

    /// The files, each with what is missing in it. Takes a minute at most.
    func collect() throws -> [(file: SupportFile, bytes: [UInt8], problems: [String])] {
        let parts = parts
        let late = try ConcurrentWork.run(
            parts.map { file, body in
                {
                    do { try body(file) } catch { file.add(missing: error) }
                }
            },
            within: Self.patience.files
        )
        let time = Quantity.text(Self.patience.files)
        for number in late {
            parts[number].file.add(missing: Failure(.failed, "this was not complete after \(time)"))
        }
        return parts.map { file, _ in
            let (bytes, problems) = file.close()
            return (file, bytes, problems)
        }
    }

    private typealias Part = (file: SupportFile, body: @Sendable (SupportFile) throws -> Void)

    private var parts: [Part] {
        let (options, repository, path) = (options, repository, path)
        let unknownNames = unknownNames
        return [
            part("versions.json", "the program, its libraries, the machine") {
                $0.add(SupportVersionsLine.current)
            },
            part("configuration.yaml", "the settings in effect, and where each comes from") {
                try Self.addConfiguration(options, $0)
            },
            part("watchers.json", "running watchers") { file in
                for watcher in try RunningWatcher.all(in: repository.get()) {
                    file.add(SupportWatcherLine(watcher) { file.value($0) })
                    if watcher.description == nil { file.add(missing: Self.noAnswer(watcher)) }
                }
            },
            part("messages.txt", "what the watchers said last") { file in
                if let unknownNames { throw unknownNames }
                try Self.addMessages(repository.get(), file)
            },
            part("status.json", "as status --json") { try Self.addStatus(repository.get(), $0) },
            part("check.json", "as check --json") { try Self.addCheck(repository.get(), $0) },
            part("stats.json", "as stats --json") { file in
                for root in try Self.roots(repository.get(), file) {
                    Self.goingOn(file) {
                        let reading = try RootReading(root, now: .now)
                        file.add(StatsLine(.root(root.path.string), reading.statistics, reading))
                    }
                }
            },
            part("files.json", "the sizes of the repository's files") { file in
                try Self.addFiles(in: path.get(), file)
            },
            part("filesystems.json", "the file systems of the repository and of the roots") { file in
                let roots = try? repository.get().roots().usable.map(\.path)
                for path in [try path.get()] + (roots ?? []) {
                    Self.goingOn(file) {
                        file.add(SupportFileSystemLine(path, try FileSystemFacts(at: path)))
                    }
                }
            },
            part("limits.json", "what the kernel allows") { $0.add(SupportLimitsLine.current) },
        ]
    }

    private func part(
        _ name: String,
        _ meaning: String,
        _ body: @escaping @Sendable (SupportFile) throws -> Void
    ) -> Part {
        (SupportFile(name, meaning, redaction), body)
    }
}

// The parts.
extension SupportCollection {
    /// What fails for one root does not hinder the others.
    private static func goingOn(_ file: SupportFile, _ body: () throws -> Void) {
        do { try body() } catch { file.add(missing: error) }
    }

    /// The roots that can be used; the others are said to be missing.
    private static func roots(
        _ repository: RepositoryDirectory,
        _ file: SupportFile
    ) throws -> [RootDescription] {
        let roots = try repository.roots()
        for root in roots.unusable { file.add(missing: root.failure) }
        return roots.usable
    }

    private static func noAnswer(_ watcher: RunningWatcher) -> Failure {
        Failure(.failed, "the watcher (pid \(watcher.pid)) does not answer")
    }

    private static func addConfiguration(_ options: GlobalOptions, _ file: SupportFile) throws {
        for line in try EffectiveSettings(options).lines {
            guard let value = line.value, let origin = line.origin else {
                file.add(text: line.text)
                continue
            }
            let name = line.text.dropLast(value.count)
            file.add(text: "\(name)\(file.value(value))  # \(origin)")
        }
    }

    private static func addMessages(_ repository: RepositoryDirectory, _ file: SupportFile) throws {
        let watchers = try RunningWatcher.all(in: repository)
        if watchers.isEmpty { file.add(text: "# no watcher runs") }
        for watcher in watchers {
            goingOn(file) {
                guard watcher.description != nil else { throw noAnswer(watcher) }
                let messages = try watcher.messages()
                file.add(text: "# the watcher with pid \(watcher.pid)")
                for message in messages {
                    let details = file.isRedacted ? message.details : []
                    let text = RecentMessages.hiding(details, in: message.text)
                    file.add(text: "\(Instant(nanoseconds: message.time).rfc3339UTC) \(text)")
                }
            }
        }
    }

    private static func addStatus(_ repository: RepositoryDirectory, _ file: SupportFile) throws {
        // Messages of alerts name files and tables.
        let alerts = file.isRedacted ? [] : AlertStore.all(in: repository)
        for (status, problem) in RootStatus.all(of: try roots(repository, file)) {
            if let problem { file.add(missing: problem) }
            file.add(StatusLine(status, reason: status.reason, [], [], alerts, .now))
            if let pid = status.unanswering {
                file.add(missing: Failure(.failed, "the watcher (pid \(pid)) does not answer"))
            }
        }
    }

    private static func addCheck(_ repository: RepositoryDirectory, _ file: SupportFile) throws {
        var (errors, snapshots, bytesRead) = (0, UInt64(0), UInt64(0))
        let roots = try repository.roots()
        for damaged in roots.damaged where damaged.isDamage {
            errors += 1
            file.add(FindingLine(damaged.finding))
        }
        for root in roots.usable {
            goingOn(file) {
                let summary = try RootCheck(root).run(readingData: false) { file.add(FindingLine($0)) }
                errors += summary.errors
                snapshots.addSaturated(summary.snapshots)
                bytesRead.addSaturated(summary.bytesRead)
            }
        }
        file.add(CheckLine(errors: errors, snapshots: snapshots, bytesRead: bytesRead))
    }

    private static func addFiles(in directory: FilePath, _ file: SupportFile) throws {
        for name in try Directory.names(in: directory).sorted(by: { $0.string < $1.string }) {
            let path = directory.appending(name)
            goingOn(file) {
                let status = try FileStatus.of(path, followingLinks: false)
                file.add(
                    SupportStoredFileLine(
                        file: path.string,
                        bytes: status.sizeBytes,
                        diskBytes: status.allocatedBytes,
                        mode: "0" + String(status.permissions, radix: 8),
                        user: status.ownerID
                    )
                )
                if status.kind == .directory { try addFiles(in: path, file) }
            }
        }
    }
}
