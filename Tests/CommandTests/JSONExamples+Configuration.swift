import LinuxSystem

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
            ("config check: problem", ConfigurationProblemLine(file: "text", line: 1, message: "text")),
            (
                "config show: setting",
                SettingLine(key: "text", value: "text", origin: "text", file: "text", line: 1)
            ),
        ]
    }
}
