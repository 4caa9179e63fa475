import History
import LinuxSystem
import Recovery
import Remote
import RepositoryReader
import Service
import Settings
import SystemPackage

/// Why a command ends without success: a status, and one line that says what happened and what to do.
struct Failure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// What an error from below means for the user; nil for those of the argument parser.
    init?(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as RepositoryError: self.init(Self.status(of: error), error.description)
        case let error as UnusableRootError:
            self.init(error.root.isDamage ? .damaged : .failed, error.description)
        case let error as DamageError:
            self.init(.damaged, "\(error.description): run \(SuggestedCommand("check"))")
        case let error as HistoryError: self.init(.damaged, error.description)
        case let error as RestoreError: self.init(Self.status(of: error), error.description)
        case let error as InPlaceError: self.init(Self.status(of: error), error.description)
        case let error as ExportError: self.init(.failed, error.description)
        case let error as RowError: self.init(Self.status(of: error), error.description)
        case let error as SQLError where error.isDamage:
            let advice = "see \(SuggestedCommand("doctor")), or choose another moment"
            self.init(.damaged, "\(error.description): \(advice)")
        case let error as SQLError: self.init(.failed, "\(error.description): check the SQL")
        case let error as ConfigurationError: self.init(.wrongUsage, error.description)
        case let error as UnitFile.Failure: self.init(.failed, error.description)
        case let error as RetentionError: self.init(Self.status(of: error), error.description)
        case let error as WhenError:
            self.init(error.isWrongUsage ? .wrongUsage : .notFound, error.description)
        case let error as RemoteError: self.init(error, of: nil)
        case let error as SystemError: self.init(.failed, error.description + Self.advice(error))
        default: return nil
        }
    }

    /// The line that any error has for the user.
    static func reason(_ error: any Error) -> String { Failure(error)?.message ?? String(describing: error) }

    private static func status(of error: RepositoryError) -> ExitStatus {
        switch error {
        case .notARepository, .noSuchFile, .noSnapshot: .notFound
        case .locked: .locked
        case .malformed: .damaged
        case .unsupported, .misuse, .notPrivate, .gone, .unavailable: .failed
        }
    }

    private static func status(of error: RestoreError) -> ExitStatus {
        if case .didNotExist = error { return .notFound }
        return error.isDamage ? .damaged : .failed
    }

    private static func status(of error: InPlaceError) -> ExitStatus {
        switch error {
        case .nothingToUndo, .safetyIsGone: .notFound
        case .busy, .inUse, .unseen, .tooBusy, .underWay, .overtaken: .locked
        case .unwritable, .failedWriting, .gone, .isExcluded, .unrecorded, .writtenSince, .isNoFile, .isLink:
            .failed
        case .interrupted: .interrupted
        }
    }

    private static func status(of error: RowError) -> ExitStatus {
        switch error {
        case .noTable, .noSuchRow, .noRows: .notFound
        case .wrongKeyCount: .wrongUsage
        case .isVirtual, .isView, .needsProgram, .noKey, .nullKey, .otherTable, .orphans, .refused: .failed
        }
    }

    private static func status(of error: RetentionError) -> ExitStatus {
        switch error {
        case .keepsNothing: .wrongUsage
        case .damaged: .damaged
        }
    }

    private static func advice(_ error: SystemError) -> String {
        if error.isMissing, error.path == nil { return ": change to a directory that exists" }
        if error.isMissing { return ": check the path" }
        if error.isFull { return ": make room and try again" }
        switch error.code {
        case .permissionDenied, .notPermitted: return ": run it as the user who owns it"
        case .readOnlyFileSystem: return ": mount it for writing, or choose another place"
        case .badFileDescriptor where error.operation == .writeToStandardOutput:
            return ": it is closed: name a file with --output"
        case .tooManySymbolicLinkLevels: return ": it is a symbolic link: remove it"
        default: return ""
        }
    }
}

extension Failure: CustomStringConvertible {
    /// What those are told who get it as any error, as over a socket.
    var description: String { message }
}

extension Failure {
    init(_ damage: Finding) {
        self.init(.damaged, "\(DamageError(damage)): run \(SuggestedCommand("check"))")
    }

    static func noSuchFile(_ target: Target, _ index: SnapshotIndex) -> Failure {
        // Its name may be in what is damaged.
        if let damage = index.damage.first { return Failure(damage) }
        let question = didYouMean(index.nearestPath(to: target.path))
        return Failure(
            .notFound,
            "no snapshot of \(target.path.printable) exists: \(question)see \(SuggestedCommand("log", target.root.path))"
        )
    }
}

extension SnapshotIndex {
    /// The path among those of the root's files that is most similar.
    fileprivate func nearestPath(to path: FilePath) -> String? {
        guard let last = entries.last else { return nil }
        let paths = state(at: last.sequence).map { self.path(of: $0.file, at: $0.sequence).string }
        return paths.nearest(to: path.string)
    }
}
