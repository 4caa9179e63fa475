import Foundation
import TestSupport

/// A directory `project` in which commands are typed, with a repository beside it.
protocol Project: AnyObject {
    var folder: TemporaryDirectory { get }
}

extension Project {
    var project: String { folder.file("project") }

    var environment: [String: String] {
        HoldfastProgram.environment([
            "HOLDFAST_REPO": folder.file("repository"), "XDG_CACHE_HOME": folder.file("cache"),
        ])
    }

    @discardableResult
    func shell(_ script: String, mergingErrors: Bool = false) throws -> String {
        let whole = mergingErrors ? "exec 2>&1\nset +e\n" + script : script
        let result = try Command.run("sh", ["-ec", whole], environment: environment, directory: project)
        guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
        return result.stdout
    }

    /// Starts a shell script in the project's directory.
    func startShell(_ script: String) throws -> RunningProgram {
        try RunningProgram("/bin/sh", ["-c", script], environment: environment, directory: project)
    }

    /// Runs what a person types in the project's directory.
    @discardableResult
    func holdfast(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
        try holdfast(arguments, expecting: status)
    }

    /// The same, whatever becomes of it.
    func attempt(_ arguments: [String]) throws -> CommandResult {
        try HoldfastProgram.run(
            arguments,
            environment: ["HOLDFAST_REPO": folder.file("repository")],
            directory: project
        )
    }

    @discardableResult
    func holdfast(_ arguments: [String], expecting status: Int32 = 0) throws -> CommandResult {
        let result = try attempt(arguments)
        guard result.status == status else {
            throw CommandFailure(command: "holdfast \(arguments)", result: result)
        }
        return result
    }

    /// What `status` says, whether all is well or not.
    @discardableResult
    func status(_ arguments: String...) throws -> CommandResult {
        let result = try HoldfastProgram.run(
            ["status"] + arguments,
            environment: environment,
            directory: project
        )
        guard [0, 1].contains(result.status) else {
            throw CommandFailure(command: "holdfast status \(arguments)", result: result)
        }
        return result
    }

    /// Starts what a person types, to be watched and ended later.
    func start(_ arguments: String...) throws -> RunningProgram {
        try HoldfastProgram.start(
            arguments,
            environment: ["HOLDFAST_REPO": folder.file("repository")],
            directory: project
        )
    }
}

/// A project without a file.
final class EmptyProject: Project {
    let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: project, withIntermediateDirectories: false)
    }
}
