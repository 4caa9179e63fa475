import Capture
import Recovery
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

extension FreshCapture {
    /// For what is done in place.
    func captured(_ annotations: [AnnotationRequest]) throws -> CapturedState {
        let point = try run(annotations)
        let scope = try scope(of: point)
        return CapturedState(sequence: point.sequence, unseen: point.unseen) {
            scope?.protects($0) == false
        }
    }

    /// For `sync`, and the commands that set a name on the present: captures and prints the last sequence.
    /// Says what could not be captured, and returns `.partial` then.
    static func run(
        _ target: Target,
        _ annotations: [AnnotationRequest] = [],
        timeout: Duration,
        _ console: Console
    ) throws -> ExitStatus {
        let point = try FreshCapture(target.root, timeout: timeout).run(annotations)
        try console.result(
            json: SnapshotNameLine(
                sequence: point.sequence,
                time: point.time,
                path: target.path.string,
                tag: annotations.first?.fields["name"]
            ),
            text: point.sequence.description
        )
        guard let incomplete = point.incomplete else { return .done }
        Console.say(incomplete)
        return .partial
    }
}
