import Foundation

/// The watchers that `watch --ensure` starts for a repository. They would outlive the test, and are killed
/// when this value goes away.
package final class BackgroundWatchers {
    private let repository: String

    /// - Parameter repository: as `HOLDFAST_REPO` names it.
    package init(repository: String) { self.repository = repository }

    deinit { killAll() }

    /// Those that run now.
    package var processIDs: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter {
            arguments(of: $0).contains("--ensured")
                && Self.texts("/proc/\($0)/environ").contains("HOLDFAST_REPO=\(repository)")
        }
    }

    package func arguments(of process: Int32) -> [String] { Self.texts("/proc/\(process)/cmdline") }

    /// Ends them with SIGKILL, as a crash would, and waits until they are gone.
    package func killAll() {
        for process in processIDs { kill(process, SIGKILL) }
        // Of a process that nobody has reaped nothing is left but its number.
        try? wait(for: "the end of the watchers") { processIDs.isEmpty }
    }

    /// Texts that a zero byte ends each; none if the process is gone.
    private static func texts(_ path: String) -> [String] {
        let content = (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()
        return content.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
