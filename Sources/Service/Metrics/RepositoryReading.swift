import LinuxSystem
import RepositoryReader

/// The program that shows metrics.
package struct ProgramBuild: Sendable {
    let version: String
    /// Empty if the build did not say it.
    let commit: String

    package init(version: String, commit: String) { (self.version, self.commit) = (version, commit) }
}

/// What the metrics of a repository as a whole are made of.
struct RepositoryReading: Sendable {
    let build: ProgramBuild
    let roots: RootList
    let watchers: [RunningWatcher]
    let freeBytes: UInt64?

    private var usages: [WatcherDescription.Usage] { watchers.compactMap { $0.description?.usage } }

    /// Of all watchers that tell it; nil if none does.
    func sum(_ number: (WatcherDescription.Usage) -> UInt64) -> Double? {
        usages.isEmpty ? nil : Double(usages.reduce(UInt64(0)) { $0.addingSaturated(number($1)) })
    }
}

/// The metrics of a repository as a whole.
enum RepositoryWideMetrics {
    static let all: [MeasuredMetric<RepositoryReading>] = [
        MeasuredMetric(
            metric: Metric(
                name: "holdfast_build_info",
                kind: .gauge,
                help: "Always 1; the program that shows these metrics.",
                labels: ["version", "commit"]
            )
        ) { reading in
            let labels = [("version", reading.build.version), ("commit", reading.build.commit)]
            return [MetricSample(labels: labels, value: 1)]
        },
        .number("holdfast_roots", "Roots of the repository.") { Double($0.roots.usable.count) },
        .number("holdfast_unusable_roots", "Roots of the repository whose description cannot be used.") {
            Double($0.roots.unusable.count)
        },
        .number("holdfast_disk_free_bytes", "What is free on the repository's disk.") {
            $0.freeBytes.map { Double($0) }
        },
        .number("holdfast_watchers", "Watchers that run on the repository and answer.") {
            Double($0.watchers.count { $0.description != nil })
        },
        .number("holdfast_open_descriptors", "Open descriptors of all watchers.") {
            $0.sum { UInt64(clamping: $0.descriptors) }
        },
        .number("holdfast_descriptor_limit", "The most descriptors that all watchers may have open.") {
            $0.sum { UInt64(clamping: $0.descriptorLimit) }
        },
        .number("holdfast_resident_memory_bytes", "Physical memory of all watchers.") {
            $0.sum { $0.residentBytes }
        },
        .number("holdfast_threads", "Threads of all watchers.") { $0.sum { UInt64(clamping: $0.threads) } },
    ]
}

extension MeasuredMetric<RepositoryReading> {
    fileprivate static func number(
        _ name: String,
        _ help: String,
        _ number: @escaping @Sendable (RepositoryReading) -> Double?
    ) -> Self {
        value(Metric(name: name, kind: .gauge, help: help, labels: []), number)
    }
}
