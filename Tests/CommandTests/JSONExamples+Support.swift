import LinuxSystem

@testable import holdfast

extension JSONExamples {
    static var support: [(heading: String, object: any JSONLine)] {
        [
            (
                "support-bundle: result",
                SupportBundleLine(
                    output: "text",
                    redacted: true,
                    bytes: 1,
                    files: ["text"],
                    incomplete: ["text"]
                )
            ),
            (
                "support-bundle: versions.json",
                SupportVersionsLine(
                    time: .now,
                    holdfast: "text",
                    commit: "text",
                    repositoryFormat: 1,
                    segmentFormat: 1,
                    baseFormat: 1,
                    sqlite: "text",
                    zstd: "text",
                    kernel: "text",
                    distribution: "text",
                    host: "text",
                    processors: 1,
                    memoryBytes: 1,
                    user: 1
                )
            ),
            (
                "support-bundle: watchers.json",
                SupportWatcherLine(
                    pid: 1,
                    answers: true,
                    started: .now,
                    configuration: "text",
                    command: ["text"],
                    roots: [.init(root: "text", state: "text", reason: "text")],
                    threads: 1,
                    residentBytes: 1,
                    openFiles: 1,
                    openFileLimit: 1,
                    inotifyWatches: 1
                )
            ),
            (
                "support-bundle: files.json",
                SupportStoredFileLine(file: "text", bytes: 1, diskBytes: 1, mode: "text", user: 1)
            ),
            (
                "support-bundle: filesystems.json",
                SupportFileSystemLine(
                    path: "text",
                    type: "text",
                    options: "text",
                    totalBytes: 1,
                    freeBytes: 1,
                    totalInodes: 1,
                    freeInodes: 1
                )
            ),
            (
                "support-bundle: limits.json",
                SupportLimitsLine(
                    inotifyWatches: 1,
                    inotifyInstances: 1,
                    inotifyQueuedEvents: 1,
                    openFiles: 1,
                    openFileLimit: 1
                )
            ),
        ]
    }
}
