import Capture
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Service
import Settings
import SystemPackage

// What the watcher protects.
extension WatchOptions {
    /// What the command line names, else the configuration, which is read anew, else what lies here; with the
    /// changes that other commands have asked for.
    func targets(
        in repository: RepositoryDirectory,
        _ options: GlobalOptions,
        _ changes: RootChanges = RootChanges()
    ) throws -> [WatchTarget] {
        let configuration = try options.configuration() ?? Configuration()
        var paths = path.map { FilePath(argument: $0) }
        if paths.isEmpty { paths = configuration.roots.map(\.path.value) }
        if paths.isEmpty, FileStatus.ifPresent(".devteam") != nil { paths = [".devteam"] }
        if paths.isEmpty, changes.added.isEmpty { paths = [try Self.onlyRoot(in: repository, options)] }
        return try targets(changes.applied(to: paths), configuration, repository)
    }

    /// The root that is meant where none is named.
    private static func onlyRoot(
        in repository: RepositoryDirectory,
        _ options: GlobalOptions
    ) throws -> FilePath {
        do {
            return try Target(nil, in: repository).root.path
        } catch let failure as Failure where failure.status == .notFound {
            guard let file = options.configurationFile, file.isPresent else { throw failure }
            throw Failure(
                .wrongUsage,
                "the configuration \(file.path.printable) names no root: add one with "
                    + "\(SuggestedCommand("add", "PATH"))"
            )
        }
    }

    /// Where the roots are that the configuration does not name; none if it names all.
    func namedRoots(of targets: [WatchTarget], _ options: GlobalOptions) throws -> [FilePath] {
        let configured = try options.configuration()?.roots ?? []
        guard !path.isEmpty || configured.isEmpty else { return [] }
        return targets.map { (try? RepositoryDirectory.absolute($0.path)) ?? $0.path }
    }

    private func targets(
        _ paths: [FilePath],
        _ configuration: Configuration,
        _ repository: RepositoryDirectory
    ) throws -> [WatchTarget] {
        // A wrong command is wrong at once; what else fails may work later.
        let roots = paths.map { path in Result { try Self.root(path, in: repository) } }
        for root in roots {
            if case .failure(let error as Failure) = root, error.status == .wrongUsage { throw error }
        }
        let found = roots.compactMap { try? $0.get() }
        guard Set(found).count == found.count else {
            throw Failure(.wrongUsage, "the same root is named twice: name it once")
        }
        return paths.map { path in
            WatchTarget(path: path, settings: settings(of: path, configuration)) {
                try Self.root(path, in: repository)
            } known: {
                try repository.root(for: path).flatMap { $0.isRoot ? $0.root : nil }
            }
        }
    }

    /// An option comes before the configuration, which comes before the default.
    private func settings(of path: FilePath, _ configuration: Configuration) -> RootSettings {
        let absolute = try? RepositoryDirectory.absolute(path)
        let configured = configuration.roots.first { $0.path.value == absolute }
        let watch = configuration.watch
        var settings = RootSettings()
        settings.maximumDelay = maxDelay ?? watch.maxDelay?.value ?? settings.maximumDelay
        settings.debounce =
            debounce ?? min(watch.debounce?.value ?? settings.debounce, settings.maximumDelay)
        let audit = auditInterval ?? watch.auditInterval?.value ?? settings.auditInterval
        settings.auditInterval = max(audit, .seconds(1))
        settings.checkAfter = (checkAfter ?? watch.checkAfter?.value ?? settings.checkAfter).map {
            max($0, .milliseconds(100))
        }
        settings.drillInterval = (drillInterval ?? watch.drillInterval?.value ?? settings.drillInterval)
            .flatMap { $0 > .zero ? max($0, .seconds(1)) : nil }
        settings.exclusions = exclude.isEmpty ? configured?.exclude?.value ?? [] : exclude
        settings.retention = retentionRules(configured?.retention?.value)
        settings.isAwaited = waitForRoot ?? (configured != nil)
        return settings
    }

    /// Nil if everything is kept.
    private func retentionRules(_ configured: Configuration.Retention?) -> RetentionRules? {
        if keepAll { return nil }
        guard retention.rules == RetentionRules(), let configured else { return retention.rules }
        switch configured {
        case .all: return nil
        case .rules(let rules): return rules
        }
    }

    private static func root(_ path: FilePath, in repository: RepositoryDirectory) throws -> RootDescription {
        guard !path.isEmpty else { throw Failure(.wrongUsage, "PATH is empty: name a directory or a file") }
        let status = try FileStatus.of(path)
        if [.directory, .regular].contains(status.kind),
            let pseudo = FileSystem.nameIfPseudo(try Directory.resolve(path))
        {
            throw Failure(
                .wrongUsage,
                "\(path.printable) is on \(pseudo), which the kernel makes up: name files of your own"
            )
        }
        if let enclosing = try RepositoryDirectory.enclosing(path) {
            throw Failure(
                .wrongUsage,
                "\(path.printable) is in the repository \(enclosing.printable), which is not protected itself: "
                    + "name your own files, or copy the repository for a second copy"
            )
        }
        if let match = try repository.root(for: path), match.root.kind == .directory, let name = match.name,
            RootScope().protects(status.kind == .directory ? name.appending("any") : name)
        {
            let root = match.root.path
            throw Failure(
                .wrongUsage,
                "\(path.printable) is in \(root.printable), which is protected as a whole: run "
                    + "\(SuggestedCommand("watch", root))"
            )
        }
        switch status.kind {
        case .directory: return try repository.addRoot(path, kind: .directory)
        case .regular: return try repository.addRoot(path, kind: .file)
        case .symbolicLink, .pipe, .socket, .device:
            throw Failure(
                .failed,
                "\(path.printable) is neither a directory nor a regular file: name one that is"
            )
        }
    }
}

extension GlobalOptions {
    /// Opens the repository, which is made if it is new, and warns of what is wrong with it.
    ///
    /// - Parameter path: another one than these options name.
    @discardableResult
    func openOrCreateRepository(at path: FilePath? = nil) throws -> RepositoryDirectory {
        let repository = try RepositoryDirectory.openOrCreate(at: path ?? repositoryPath())
        for damaged in try repository.roots().damaged { Console.warn(of: damaged) }
        if try repository.isOpenedByMount {
            Console.say(
                "warning: the file system of \(repository.path.printable) keeps no modes, and its mount lets other users in: "
                    + "mount it with umask=077, or keep the repository elsewhere"
            )
        }
        return repository
    }
}
