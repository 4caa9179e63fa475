import LinuxSystem
import Remote
import RepositoryReader
import Service
import Settings
import SystemPackage

/// The unit for the configured roots.
struct UnitPlan {
    let unit: ServiceUnit

    /// Reads the configuration.
    init(_ scope: UnitScope, _ file: ConfigurationFile, _ options: GlobalOptions) throws {
        let configuration = try file.read(with: options) ?? Configuration()
        let (repository, isNamed) = try Self.repository(scope, configuration, options)
        unit = ServiceUnit(
            scope.unitScope,
            program: try Directory.resolve(CurrentProcess.program),
            configuration: file.path,
            repository: repository,
            namesRepository: !isNamed,
            roots: configuration.roots.map(\.path.value),
            copies: configuration.remotes.compactMap { remote in
                guard case .directory(let path)? = try? RemoteAddress(remote.url.value) else { return nil }
                return path
            },
            needsNetwork: configuration.needsNetwork,
            hasAlerts: !configuration.alerts.isEmpty
        )
    }

    /// The repository, and whether the configuration names it.
    static func repository(
        _ scope: UnitScope,
        _ configuration: Configuration,
        _ options: GlobalOptions
    ) throws -> (path: FilePath, isNamed: Bool) {
        let setting = try options.repositorySetting()
        switch setting.origin {
        case .option, .environment: return (try RepositoryDirectory.absolute(setting.value), false)
        case .file, .default: break
        }
        if let named = configuration.repository { return (named.value, true) }
        // A history that is there already goes on.
        let isNew = FileStatus.ifPresent(setting.value) == nil
        return (scope == .system && isNew ? ServiceUnit.stateDirectory : setting.value, false)
    }
}
