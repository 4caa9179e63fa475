import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

/// Serves the metrics of a watcher: `holdfast metrics --listen` beside it.
typealias MetricsProcess = CompanionProcess<LoopbackAddress>

/// What `holdfast metrics --listen` says on its standard error.
enum MetricsReport {
    static func isServed(at address: LoopbackAddress) -> String { "\(beginOfSuccess)\(address)/metrics" }

    static func isUnavailable(_ address: LoopbackAddress, _ reason: String) -> String {
        "metrics cannot be served at \(address): \(reason)"
    }

    static let beginOfSuccess = "metrics are served at http://"
}

extension CompanionProcess<LoopbackAddress> {
    /// `configuration`: the file that names the remotes.
    convenience init(_ repository: RepositoryDirectory, configuration: FilePath?, isQuiet: Bool) throws {
        let path = repository.path.argument
        let file = configuration.map { ["--config=\($0.argument)"] } ?? []
        let kind = Kind(name: "metrics") { address in
            ["metrics", "--repo=\(path)", "--listen=\(address)", "--until-input-ends"] + file
        } meaning: {
            $0.hasPrefix(MetricsReport.beginOfSuccess) ? .success : .other
        } failure: {
            MetricsReport.isUnavailable($0, $1)
        }
        try self.init(kind, isQuiet: isQuiet)
    }

    /// What `status` shows; nil if no metrics are to be served.
    var metrics: WatcherDescription.Metrics? {
        description.map { WatcherDescription.Metrics(address: "\($0.setting)", problem: $0.problem) }
    }
}
