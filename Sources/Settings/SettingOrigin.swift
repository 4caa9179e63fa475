import LinuxSystem
package import SystemPackage

/// Where the value of a setting comes from. What comes first here comes before the others.
package enum SettingOrigin: Hashable, Sendable {
    case option(String)
    case environment(String)
    case file(FilePath, line: Int)
    case `default`
}

extension SettingOrigin: CustomStringConvertible {
    package var description: String {
        switch self {
        case .option(let name): name
        case .environment(let name): "$\(name)"
        case .file(let path, let line): "\(path.printable):\(line)"
        case .default: "default"
        }
    }
}
