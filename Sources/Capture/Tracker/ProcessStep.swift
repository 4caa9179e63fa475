import LinuxSystem
import RepositoryFormat
import RepositoryWriter

/// How far processing came.
enum ProcessStep {
    case done
    /// Nothing more can be done with the file for now: what follows is left out.
    case ended
    /// The events that wait have to be read, and then `resume` called, before another file is processed.
    case needsEvents
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

/// What goes on when the events that wait were read: whatever was read of a file counts only if none of them
/// speaks against it.
enum AfterEvents: ~Copyable {
    case readQuiescent
    case proveQuiescent(QuiescentRead)
    case judgeOrigin(ContentSight)
    case proveChunk(ChunkRead)
    case endScan
    case readPlain
    case provePlain(PlainRead)
    case readGroup([Tracker])
    case proveGroup(GroupRead)
}
