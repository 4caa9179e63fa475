import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// How far processing came.
///
/// After a step of the last three, `resume` has to be called before another file is processed.
enum ProcessStep: Equatable {
    case done
    /// Nothing more can be done with the file for now: what follows is left out.
    case ended
    /// The events that wait have to be read.
    case needsEvents
    /// The file itself has to be watched: it has other names, or had one a moment ago.
    case needsWatch(FileIdentity)
    /// `resume` has to be told whether all other databases have captured their parts of these transactions.
    case needsOthers([SuperJournalName])
}

/// The order of work on one file.
enum ProcessStage {
    case name
    case database
    case plain
    case log
    case scan
    case rest

    /// `kind`: what the file is as soon as its name was processed. One that becomes another kind later goes
    /// its way to the end.
    func next(_ kind: FileKind) -> ProcessStage? {
        switch self {
        case .name: kind == .database ? .database : .plain
        case .database: .log
        case .plain, .log: .scan
        case .scan: .rest
        case .rest: nil
        }
    }
}

/// What goes on after a step that needs the observer. Whatever was read of a file counts only if none of the
/// events that were read since speaks against it.
enum ResumedWork: ~Copyable {
    case noteFound(FileStatus)
    case readQuiescent
    case proveQuiescent(QuiescentRead)
    case captureQuiescent(QuiescentRead)
    case judgeOrigin(ContentSight)
    case proveChunk(ChunkRead)
    case endScan
    case readPlain
    case provePlain(PlainRead)
    case readGroup([Tracker])
    case proveGroup(GroupRead)
}
