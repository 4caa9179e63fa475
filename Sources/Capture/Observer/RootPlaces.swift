import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Where the root is, and which of its directories are not there for now. No event of theirs tells that a
/// link to the root means another directory now, or that a file system was mounted over one: so what is
/// passed on the way to the root is watched as well, and the table of mounts.
struct RootPlaces {
    let root: RootDescription
    private let meter: StatusMeter
    /// Where the root is now, symbolic links followed.
    private(set) var path: FilePath
    /// Those that are not there for now; what is in them is not looked at.
    private var away: [FilePath: Absence] = [:]
    private(set) var isRootMissing = false

    /// Why a directory and all in it is not looked at for now.
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

    /// What is passed on the way to the root, but for what is watched anyway.
    var way: [FilePath] {
        let watched = [path, directory(at: path)]
        return Directory.way(to: root.path).filter { !watched.contains($0) }
    }

    /// Whether the directory, or one that it lies in, is not there for now.
    func isAway(_ directory: FilePath) -> Bool {
        guard !away.isEmpty else { return false }
        return away[""] != nil || away.keys.contains { directory.starts(with: $0) }
    }

    func isAway(file name: FilePath) -> Bool {
        !away.isEmpty && isAway(isOneFile ? "" : name.removingLastComponent())
    }

    /// The directory is no longer one of the root's.
    mutating func forget(_ directory: FilePath) { away[directory] = nil }
}

// Looking
extension RootPlaces {
    /// Looks whether the root is still the one that is watched. `known`: its directory's identity.
    mutating func checkRoot(_ known: FileIdentity?, _ now: MonotonicInstant) -> RootFinding {
        let found = findRoot()
        let place = directory(at: found)
        guard let status = FileStatus.directIfPresent(place), status.kind == .directory else {
            return rootIsMissing(now)
        }
        let isSame = found == path && status.identity == known
        guard !isSame || isRootMissing || away[""] != nil else { return .same }
        if staysAway("", known, at: place, status) { return .same }
        let wasUnmounted = away[""] != nil && !isRootMissing
        away[""] = nil
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
            away[""] = .missing(since: now)
            meter.trouble(.place, "\(root.path.printable) is not there: bring it back")
        } else if case .missing(let since) = away[""], since.duration(to: now) >= Self.missingGrace {
            away[""] = nil
            return .deleted
        }
        return .missing
    }

    /// Looks whether a directory in the root is still the one that is watched.
    mutating func check(_ name: FilePath, _ known: FileIdentity) -> DirectoryFinding {
        let path = path(of: name)
        let status: FileStatus
        do {
            status = try FileStatus.direct(path)
        } catch {
            return error.isMissing ? .gone : .same
        }
        guard status.kind == .directory else { return .gone }
        guard status.identity != known || away[name] != nil else { return .same }
        if staysAway(name, known, at: path, status) { return .same }
        away[name] = nil
        meter.trouble(.place, nil)
        return .replaced
    }

    /// The root's directory: for a root that is a file, the one it lies in.
    private func directory(at path: FilePath) -> FilePath {
        isOneFile ? path.removingLastComponent() : path
    }

    /// Where the root is now. A file that is missing is looked for where it was, or where it would be made.
    private func findRoot() -> FilePath {
        if let path = try? Directory.resolve(root.path) { return path }
        guard isOneFile, let last = root.path.lastComponent,
            (try? FileStatus.of(root.path, followingLinks: false)) == nil,
            let directory = try? Directory.resolve(root.path.removingLastComponent())
        else { return path }
        return directory.appending(last)
    }

    /// Whether the file system that was at the directory is not there, and nothing else has taken its place.
    private mutating func staysAway(
        _ name: FilePath,
        _ known: FileIdentity?,
        at path: FilePath,
        _ status: FileStatus
    ) -> Bool {
        if case .unmounted(let identity) = away[name] {
            return identity == status.identity && isEmpty(path)
        }
        guard let known, known.device != status.identity.device,
            let parent = FileStatus.directIfPresent(path.removingLastComponent())?.identity,
            parent.device == status.identity.device, parent.device != known.device, isEmpty(path)
        else { return false }
        away[name] = .unmounted(over: status.identity)
        meter.trouble(.place, "the file system at \(path.printable) was unmounted: mount it again")
        return true
    }

    private func isEmpty(_ path: FilePath) -> Bool { (try? OpenDirectory(path).names().isEmpty) ?? false }
}
