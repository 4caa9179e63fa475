import LinuxSystem
package import RepositoryReader
package import SystemPackage

/// The metrics of a repository and its watchers, as text.
package struct RepositoryMetrics: Sendable {
    /// In the form of `MetricsText`.
    package let text: String
    /// Roots whose history cannot be read: only what their watchers say is in the text.
    package let unreadable: [(path: FilePath, error: any Error)]

    /// How many roots are asked and read at once: a watcher that hangs is waited for.
    private static let atOnce = 4

    /// Asks the watchers, and reads the histories beside them. Throws `SystemError`.
    ///
    /// - Parameters:
    ///   - isExpected: whether a root is to be protected. Nothing is said of others.
    ///   - unknown: the paths of roots that are to be protected, and that the repository does not have.
    ///   - remotes: those of a root.
    package init(
        of repository: RepositoryDirectory,
        _ build: ProgramBuild,
        isExpected: (RootStatus) -> Bool = { _ in true },
        unknown: [FilePath] = [],
        remotes: (RootStatus) -> [RemoteReading] = { _ in [] }
    ) async throws {
        async let watchers = Self.work { try RunningWatcher.all(in: repository) }
        let (list, freeBytes) = try await Self.work {
            (try repository.roots(), try? FileSystemSpace(at: repository.path).freeBytes)
        }
        let answers = try await Self.answers(of: list.usable).filter { isExpected($0.status) }
        let reading = RepositoryReading(
            build: build,
            roots: list,
            watchers: try await watchers,
            freeBytes: freeBytes
        )
        self.init(reading, answers, unknown: unknown, remotes: remotes)
    }

    /// Of a root, and why its history cannot be read; nil if it can.
    struct Answer: Sendable {
        let status: RootStatus
        var error: (any Error)?
    }

    /// - Parameter answers: of the usable roots.
    init(
        _ reading: RepositoryReading,
        _ answers: [Answer],
        unknown: [FilePath] = [],
        remotes: (RootStatus) -> [RemoteReading] = { _ in [] },
        now: Instant = .now
    ) {
        unreadable = answers.compactMap { answer in answer.error.map { (answer.status.root.path, $0) } }
        let answers = answers.sorted { $0.status.root.path.string < $1.status.root.path.string }
        let labels = Self.labels(answers.map(\.status.root))
        let readings = answers.map {
            RootMetricsInput(status: $0.status, remotes: remotes($0.status), now: now)
        }
        let awaited = Self.awaited(reading.watchers, unknown, besides: Set(labels))
        var text = MetricsText()
        for one in RepositoryWideMetrics.all { text.add(one.metric, one.samples(reading)) }
        for one in RootMetrics.all {
            var samples: [MetricSample] = []
            for (label, reading) in zip(labels, readings) {
                for var sample in one.samples(reading) {
                    sample.labels.insert(("root", label), at: 0)
                    samples.append(sample)
                }
            }
            if one.metric.name == "holdfast_protected" {
                samples += awaited.map { MetricSample(labels: [("root", $0)], value: 0) }
            }
            text.add(one.metric, samples)
        }
        self.text = text.text
    }

    /// The paths, each different from all others: bytes that are no UTF-8 look the same.
    private static func labels(_ roots: [RootDescription]) -> [String] {
        var known: Set<String> = []
        return roots.map { root in
            let path = root.path.string
            let label = known.contains(path) ? "\(path) (\(root.id))" : path
            known.insert(label)
            return label
        }
    }

    /// Roots of which nothing was captured yet: those that a watcher waits for, and those that none has.
    private static func awaited(
        _ watchers: [RunningWatcher],
        _ unknown: [FilePath],
        besides known: Set<String>
    ) -> [String] {
        let roots = watchers.flatMap { $0.description?.roots ?? [] }
        let waiting = Set(roots.filter { $0.state != .ready }.map(\.path))
        let unwatched = Set(unknown.map(\.string)).subtracting(roots.map(\.path))
        return waiting.union(unwatched).subtracting(known).sorted()
    }

    private static func answers(of roots: [RootDescription]) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            var waiting = roots[...]
            for root in waiting.prefix(atOnce) { group.addTask { try await answer(of: root) } }
            waiting = waiting.dropFirst(atOnce)
            var answers: [Answer] = []
            while let answer = try await group.next() {
                answers.append(answer)
                if let root = waiting.popFirst() { group.addTask { try await Self.answer(of: root) } }
            }
            return answers
        }
    }

    private static func answer(of root: RootDescription) async throws -> Answer {
        try await work {
            let (status, problem) = RootStatus.all(of: [root])[0]
            return Answer(status: status, error: problem)
        }
    }

    /// Reading histories must not delay a watcher.
    private static func work<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await WorkerThread.run("metrics", urgency: .low, body)
    }
}
