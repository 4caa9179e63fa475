import LinuxSystem
import RepositoryFormat

@testable import holdfast

extension JSONExamples {
    /// What more than one command prints, and those that run others.
    static var ofAnyCommand: [(heading: String, object: any JSONLine)] {
        [
            ("error", ErrorLine(error: "text", status: 1, advice: OrNull("text"))),
            (
                "progress",
                ProgressLine(progress: 0.5, bytes: 1, bytesTotal: 2, etaSeconds: OrNull(1), stage: "text")
            ),
            (
                "guard: command",
                GuardLine(
                    sequence: SequenceNumber(1),
                    time: .now,
                    path: "text",
                    tag: "text",
                    afterSequence: SequenceNumber(1),
                    status: 1,
                    elapsedMs: 1
                )
            ),
            ("demo: result", DemoLine(sessions: 1, events: 1)),
        ]
    }
}
