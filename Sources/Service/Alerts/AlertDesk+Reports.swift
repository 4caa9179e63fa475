import Capture
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

// What of a watcher's work is reported.
extension AlertDesk {
    func report(_ notice: CaptureNotice, of root: RootDescription) {
        let path = root.path.string
        switch notice {
        case .gap(let reason):
            let message = "single commits in \(path) may have been missed: \(reason)"
            fire(Alert(Alert.Subject(.gap, root: path), since: .now, message: message))
        case .auditDifference(let file):
            let message = "changes in \(file) were not captured until an audit found them: please report it"
            fire(Alert(Alert.Subject(.audit, root: path, path: file), since: .now, message: message))
        default: break
        }
    }

    func report(_ verdict: HealthSurvey.Verdict) {
        let (root, path) = (verdict.root.string, verdict.path.string)
        let bad = Alert.Subject(.bad, root: root, path: path)
        if let problem = verdict.problem {
            let advice = "see \(SuggestedCommand("doctor", verdict.path))"
            let message = "\(path) is damaged at snapshot \(verdict.sequence) (\(problem)): \(advice)"
            fire(Alert(bad, since: .now, message: message, sequence: verdict.sequence.rawValue))
        } else {
            clear(bad)
        }
        if let deletion = verdict.massDeletion {
            let advice = verdict.deletionTag.map { tag in
                ": the moment before is tagged \(tag), see \(SuggestedCommand("diff", tag, verdict.path))"
            }
            let message = "\(deletion) were deleted from \(path)\(advice ?? "")"
            let subject = Alert.Subject(.massDeletion, root: root, path: path)
            fire(Alert(subject, since: .now, message: message, sequence: verdict.sequence.rawValue))
        }
    }

    /// A database is not there any more, and so not damaged either.
    func reportDeletion(of database: FilePath, in root: RootDescription) {
        clear(Alert.Subject(.bad, root: root.path.string, path: database.string))
    }

    func report(_ drill: DrillRecord, of root: RootDescription) {
        let subject = Alert.Subject(.drill, root: root.path.string)
        guard let problem = drill.problem else { return clear(subject) }
        let message =
            "\(root.path.string): a restore of snapshot \(drill.sequence) was tried, and failed: \(problem)"
        fire(Alert(subject, since: drill.time, message: message, sequence: drill.sequence.rawValue))
    }
}

extension HealthSurvey.Verdict {
    /// The tag of the moment just before the mass deletion.
    fileprivate var deletionTag: String? {
        requests.lazy.filter { $0.fields["message"] != nil }.compactMap { $0.fields["name"] }.first
    }
}
