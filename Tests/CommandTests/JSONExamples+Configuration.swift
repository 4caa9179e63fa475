@testable import holdfast

extension JSONExamples {
    static var configuration: [(heading: String, object: any JSONLine)] {
        [
            ("add, remove: root", RootChangeLine(root: "text", configuration: "text", action: "text")),
            ("config check: problem", ConfigurationProblemLine(file: "text", line: 1, message: "text")),
            (
                "config show: setting",
                SettingLine(key: "text", value: "text", origin: "text", file: "text", line: 1)
            ),
        ]
    }
}
