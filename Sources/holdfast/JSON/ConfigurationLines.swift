import Settings
import SystemPackage

/// `config check`: what is wrong at a line.
struct ConfigurationProblemLine: JSONLine {
    let file: String
    let line: Int
    let message: String
}

/// `add`, `remove`: what became of a root.
struct RootChangeLine: JSONLine {
    let root: String
    let configuration: String
    let action: String
}

/// `install`, `uninstall`: what became of the unit.
struct UnitLine: JSONLine {
    let unit: String
    let action: String
    let configuration: String?
    let repository: String?
    let roots: [String]?
}

/// `config show`: a setting.
struct SettingLine: JSONLine {
    let key: String
    let value: String
    let origin: String
    let file: String?
    let line: Int?
}

extension SettingLine {
    init(key: String, value: String, _ origin: SettingOrigin) {
        (self.key, self.value) = (key, value)
        switch origin {
        case .option(let name): (self.origin, file, line) = (name, nil, nil)
        case .environment(let name): (self.origin, file, line) = ("$\(name)", nil, nil)
        case .file(let path, let line): (self.origin, file, self.line) = ("file", path.string, line)
        case .default: (self.origin, file, line) = ("default", nil, nil)
        }
    }
}
