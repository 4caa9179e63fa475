import Foundation

/// The program as it was built, beside the tests: end-to-end tests start it as users do.
package enum HoldfastProgram {
    /// Absolute.
    package static let path: String = {
        // The test bundle is what runs here; SwiftPM puts all products into one folder.
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("holdfast")
            .path
    }()

    /// What the program sees of the environment: nothing that this machine has set, UTC, and `changes`.
    package static func environment(_ changes: [String: String] = [:]) -> [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": path, "HOME": "/nonexistent", "TZ": "UTC"].merging(changes) { $1 }
    }

    /// Runs it to its end.
    package static func run(
        _ arguments: [String],
        environment changes: [String: String] = [:],
        directory: String? = nil,
        stdin: String = ""
    ) throws -> CommandResult {
        try Command.run(
            path,
            arguments,
            stdin: stdin,
            environment: environment(changes),
            directory: directory
        )
    }

    /// Runs it to its end as a user who must keep to file permissions: root without the right to pass over
    /// them (`setpriv(1)`); any other user as it is.
    package static func runWithoutPrivileges(
        _ arguments: [String],
        environment changes: [String: String] = [:]
    ) throws -> CommandResult {
        guard geteuid() == 0 else { return try run(arguments, environment: changes) }
        return try Command.run("setpriv", withoutPrivileges + arguments, environment: environment(changes))
    }

    /// Starts it as such a user.
    package static func startWithoutPrivileges(
        _ arguments: [String],
        environment changes: [String: String] = [:]
    ) throws -> RunningProgram {
        guard geteuid() == 0 else { return try start(arguments, environment: changes) }
        let setpriv = "/usr/bin/setpriv"
        return try RunningProgram(setpriv, withoutPrivileges + arguments, environment: environment(changes))
    }

    private static let withoutPrivileges = ["--bounding-set=-dac_override,-dac_read_search,-fowner", path]

    /// Starts it, to be watched and ended later.
    package static func start(
        _ arguments: [String],
        environment changes: [String: String] = [:],
        directory: String? = nil
    ) throws -> RunningProgram {
        try RunningProgram(path, arguments, environment: environment(changes), directory: directory)
    }
}
