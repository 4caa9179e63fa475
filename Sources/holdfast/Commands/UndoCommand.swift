import ArgumentParser
import History
import Recovery
import RepositoryReader
import SystemPackage

struct UndoCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Undo the last restore in place.",
        discussion: """
            PATH is a root, or a file if only that is meant. Every file that the last restore in place changed gets the \
            state that it had just before, corrupt or not; what was written since then is captured first, so that a \
            second undo restores that.

            Exit status: 0 done, 1 failed, 3 done in part (each file that was not changed is named), 4 a digest or \
            integrity check failed, 10 there is nothing to undo, 11 other programs have it locked or open, 64 wrong \
            usage, 130 interrupted.

            Examples:
              holdfast undo --dry-run
              holdfast undo .devteam/devteam.db
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root, a directory within it, or a protected file.", completion: .protectedPath)
    var path: String?

    @OptionGroup var inPlaceOptions: InPlaceOptions

    @Flag(help: "Exchange a file that programs have open.")
    var force = false

    func perform(_ console: Console) throws -> ExitStatus {
        let target = try Target(path, in: options.openRepository())
        let lock = try inPlaceOptions.lock(target.root)
        defer { withExtendedLifetime(lock) {} }
        // Otherwise the second of two at once would revert the first.
        if lock?.hasWaited ?? false { throw InPlaceError.overtaken(target.root.path) }
        let index = try SnapshotIndex(target.root)
        let (scope, directory) = try index.scope(of: target)
        let plan = try InPlacePlan(undoingLastIn: scope, below: directory, index)
        if let begun = index.begunRecovery?.before {
            console.warning(
                "a later one did not come to its end: the state before that one has the tag \(begun)"
            )
        }
        try UnfinishedWork.leaveNothingWhenInterrupted()
        return try inPlaceOptions.run(plan, target, index, isForced: force, console)
    }
}
