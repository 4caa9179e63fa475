import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader
import SystemPackage

@testable import holdfast

extension JSONExamples {
    static var alert: AlertLine {
        AlertLine(
            alert: "text",
            state: "text",
            root: "text",
            path: "text",
            since: Instant(nanoseconds: 0),
            message: "text",
            sequence: 1
        )
    }

    static var remote: StatusLine.Remote {
        StatusLine.Remote(
            name: "text",
            url: "text",
            lagMs: 1,
            sequence: SequenceNumber(1),
            acknowledged: OrNull(.now),
            head: "text",
            error: OrNull("text")
        )
    }

    private static var pruned: RemotePruneLine {
        RemotePruneLine(root: "text", dryRun: true, removed: 1, bytes: 1, kept: 1, reason: "text")
    }

    private static var root: RootDescription {
        RootDescription(id: RootID(1), path: "/text", kind: .file, created: .now, directory: "/text")
    }

    static var configuration: [(heading: String, object: any JSONLine)] {
        [
            ("alert", alert),
            ("alert test: receiver", AlertTestLine(receiver: "text", sent: 1, error: OrNull("text"))),
            (
                "install, uninstall: unit",
                UnitLine(
                    unit: "text",
                    action: "text",
                    configuration: "text",
                    repository: "text",
                    roots: ["text"]
                )
            ),
            ("add, remove: root", RootChangeLine(root: "text", configuration: "text", action: "text")),
            (
                "remote add, list, remove: remote",
                RemoteLine(RemoteSettings(name: "text", url: "text"), action: "text")
            ),
            (
                "push: root",
                PushLine(
                    remote: "text",
                    root: root,
                    Shipment(sequence: SequenceNumber(1), batches: 1, bytes: 1, requests: 1)
                )
            ),
            (
                "remote check: finding",
                RemoteFindingLine(severity: "text", object: "text", message: "text")
            ),
            (
                "remote check: root",
                RemoteCheckLine(root: RootID(1), errors: 1, snapshots: SequenceNumber(1), bytesRead: 1)
            ),
            ("remote prune: root", pruned),
            (
                "remote prune: keys",
                KeyPruneLine(dryRun: true, keysRemoved: 1, bytes: 1, kept: 1, reason: "text")
            ),
            ("adopt: root", AdoptLine(root: root, repository: "text", sequence: SequenceNumber(1))),
            ("key generate, show: recipient", RecipientLine(recipient: "text")),
            ("key rewrap: remote", RewrapLine(remote: "text", written: 1, unchanged: 1, failed: 1)),
            ("config check: problem", ConfigurationProblemLine(file: "text", line: 1, message: "text")),
            (
                "config show: setting",
                SettingLine(key: "text", value: "text", origin: "text", file: "text", line: 1)
            ),
        ]
    }
}
