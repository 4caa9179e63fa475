import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Where the root is, and which of its directories are not there for now. No event of theirs reports that a
/// link to the root means another directory now, or that a file system was mounted over one: so its
/// ancestors are watched as well, and the table of mounts.
struct RootPlaces {
    let root: RootDescription
    private let meter: StatusMeter
    /// Where the root is now, symbolic links followed.
    private(set) var path: FilePath
    /// Those that are not there for now; what is in them is not processed.
    private var unavailable: [FilePath: Absence] = [:]
    private(set) var isRootMissing = false

    /// Why a directory and all in it is not processed for now.
    private enum Absence {
        /// The root is gone, perhaps for a moment. After that its files count as deleted.
        case missing(since: MonotonicInstant)
        /// The file system was unmounted that was there. What is left is this empty directory, and says
        /// nothing of the files.
        case unmounted(over: FileIdentity)
    }

    enum RootFinding: Equatable {
        case same
        case missing
        /// It has been missing for so long that its files count as deleted from now on.
        case deleted
        /// Everything has to be listed again at `path`, for that reason.
        case replaced(String)
    }

    enum DirectoryFinding {
        case same
        case gone
        case replaced
    }

    /// Time in which a root that went may come back without its files counting as deleted.
    static let missingGrace = Duration.seconds(2)

    init(_ root: RootDescription, _ meter: StatusMeter) throws {
        self.root = root
        self.meter = meter
        path = try Directory.resolve(root.path)
    }

    var isOneFile: Bool { root.kind == .file }

    /// The path of a file or directory: for a root that is one file, that is the root itself.
    func path(of name: FilePath) -> FilePath { isOneFile || name.isEmpty ? path : path.pushing(name) }

    /// The name that the history has for the file. Of a root that is one file events know the file itself;
    /// its history has the name under which the root was given, a link perhaps. Nil: another file.
    func historyName(_ name: FilePath) -> FilePath? {
        guard isOneFile else { return name }
        guard let real = path.lastComponent, let given = root.path.lastComponent,
            name == FilePath(root: nil, components: real)
        else { return nil }
        return FilePath(root: nil, components: given)
    }

    /// The directories and links on the path to the root, but for those that are watched anyway.
    var ancestors: [FilePath] {
        let watched = [path, directory(at: path)]
        return Directory.traversedPaths(to: root.path).filter { !watched.contains($0) }
    }

    /// Whether the directory, or one that it lies in, is not there for now.
    func isUnavailable(_ directory: FilePath) -> Bool {
        guard !unavailable.isEmpty else { return false }
        return unavailable[""] != nil || unavailable.keys.contains { directory.starts(with: $0) }
    }

    func isUnavailable(file name: FilePath) -> Bool {
        !unavailable.isEmpty && isUnavailable(isOneFile ? "" : name.removingLastComponent())
    }

    /// The directory is no longer one of the root's.
    mutating func forget(_ directory: FilePath) { unavailable[directory] = nil }
}

// Checks
extension RootPlaces {
    /// Checks whether the root is still the one that is watched. `known`: its directory's identity.
    mutating func checkRoot(_ known: FileIdentity?, _ now: MonotonicInstant) -> RootFinding {
        let found = findRoot()
        let place = directory(at: found)
        guard let status = FileStatus.directIfPresent(place), status.kind == .directory else {
            return rootIsMissing(now)
        }
        let isSame = found == path && status.identity == known
        guard !isSame || isRootMissing || unavailable[""] != nil else { return .same }
        if staysUnavailable("", known, at: place, status) { return .same }
        let wasUnmounted = unavailable[""] != nil && !isRootMissing
        unavailable[""] = nil
        isRootMissing = false
        meter.trouble(.place, nil)
        path = found
        return .replaced(
            wasUnmounted ? "the root's file system was unmounted" : "the root was moved or replaced"
        )
    }

    private mutating func rootIsMissing(_ now: MonotonicInstant) -> RootFinding {
        if !isRootMissing {
            isRootMissing = true
            unavailable[""] = .missing(since: now)
            meter.trouble(.place, "\(root.path.printable) is not there: bring it back")
        } else if case .missing(let since) = unavailable[""], since.duration(to: now) >= Self.missingGrace {
            unavailable[""] = nil
            return .deleted
        }
        return .missing
    }

    /// Checks whether a directory in the root is still the one that is watched.
    mutating func check(_ name: FilePath, _ known: FileIdentity) -> DirectoryFinding {
        let path = path(of: name)
        let status: FileStatus
        do {
            status = try FileStatus.direct(path)
        } catch {
            return error.isMissing ? .gone : .same
        }
        guard status.kind == .directory else { return .gone }
        guard status.identity != known || unavailable[name] != nil else { return .same }
        if staysUnavailable(name, known, at: path, status) { return .same }
        unavailable[name] = nil
        meter.trouble(.place, nil)
        return .replaced
    }

    /// The root's directory: for a root that is a file, the one it lies in.
    private func directory(at path: FilePath) -> FilePath {
        isOneFile ? path.removingLastComponent() : path
    }

    /// Where the root is now. Of a file that is missing: where it was, or where it would be made.
    private func findRoot() -> FilePath {
        if let path = try? Directory.resolve(root.path) { return path }
        guard isOneFile, let last = root.path.lastComponent,
            (try? FileStatus.of(root.path, followingLinks: false)) == nil,
            let directory = try? Directory.resolve(root.path.removingLastComponent())
        else { return path }
        return directory.appending(last)
    }

    /// Whether the file system that was at the directory is not there, and nothing else has taken its place.
    private mutating func staysUnavailable(
        _ name: FilePath,
        _ known: FileIdentity?,
        at path: FilePath,
        _ status: FileStatus
    ) -> Bool {
        if case .unmounted(let identity) = unavailable[name] {
            return identity == status.identity && isEmpty(path)
        }
        guard let known, known.device != status.identity.device,
            let parent = FileStatus.directIfPresent(path.removingLastComponent())?.identity,
            parent.device == status.identity.device, parent.device != known.device, isEmpty(path)
        else { return false }
        unavailable[name] = .unmounted(over: status.identity)
        meter.trouble(.place, "the file system at \(path.printable) was unmounted: mount it again")
        return true
    }

    private func isEmpty(_ path: FilePath) -> Bool { (try? OpenDirectory(path).names().isEmpty) ?? false }
}
