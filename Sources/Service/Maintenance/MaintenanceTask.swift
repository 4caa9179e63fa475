import FoundationEssentials
import History
import LinuxSystem
package import Recovery
import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// What a process of its own does for a watcher. It reads the task as JSON, and writes the result as a line.
package enum MaintenanceTask: Codable, Sendable {
    /// By the root's directory in the repository.
    case survey(FilePath, known: HealthSurvey.Knowledge)
    case drill(FilePath, interval: Duration)

    struct Survey: Codable, Sendable {
        let verdicts: [HealthSurvey.Verdict]
        /// Absolute paths of databases that were damaged when they were deleted.
        let deletedDamaged: [FilePath]
        let known: HealthSurvey.Knowledge
        /// That the process has used.
        let processorTime: Duration
    }

    struct DrillAttempt: Codable, Sendable {
        /// In how long the next one is due; nil if one was due.
        var due: Duration?
        /// What is to be recorded; nil if none was made.
        var request: AnnotationRequest?

        var record: DrillRecord? {
            request.flatMap { DrillRecord($0.annotation(newest: .none, time: .now)) }
        }
    }

    package init(json: [UInt8]) throws { self = try ControlCoding.decode(Self.self, json) }

    /// Does it, and returns the result as JSON.
    package func perform() throws -> [UInt8] {
        switch self {
        case .survey(let directory, let known):
            var survey = try HealthSurvey(RootFile.read(in: directory), known: known)
            var verdicts: [HealthSurvey.Verdict] = []
            try survey.run(stamp: Instant.now.stamp(in: .system)) { verdicts.append($0) }
            let result = Survey(
                verdicts: verdicts,
                deletedDamaged: survey.deletedDamaged,
                known: survey.known,
                processorTime: CurrentProcess.processorTime
            )
            return try ControlCoding.encode(result)
        case .drill(let directory, let interval):
            let attempt = try Self.drill(
                RootFile.read(in: directory),
                DrillSchedule(interval: interval)
            )
            return try ControlCoding.encode(attempt)
        }
    }

    /// Nothing is made while the last one is not so long ago.
    static func drill(_ root: RootDescription, _ schedule: DrillSchedule) throws -> DrillAttempt {
        let index = try SnapshotIndex(root)
        // A clock that was put back makes no drill wait for longer than one that was just made.
        let lastAge = index.drills.last?.time.age
        if let due = lastAge.flatMap({ schedule.delay(lastAge: $0) }) { return DrillAttempt(due: due) }
        guard let entry = index.entries(in: .root).last else { return DrillAttempt() }
        return DrillAttempt(request: try Drill.run(index, entry, in: .root).request)
    }
}
