import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

struct SupportBundleCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "support-bundle",
        abstract: "Write one file with what helps to find out why something does not work.",
        discussion: """
            FILE is a tar archive with the versions, the settings in effect, the running watchers and what they said last, status, \
            check and stats of every root, the sizes of the repository's files, and the limits of the machine. It has nothing \
            of the content of databases and files. It has their paths and names, unless --redact is given: then \
            file-7 and the like stand for names of files, directories, tables, tags and the host. Of web addresses only the host stays.

            It is written also when the repository is damaged or a watcher hangs: what could not be had within a minute is said in it. \
            Read it before you give it to anybody.

            Exit status: 0 done, 1 failed, 3 done in part (each file in which something is missing is named), 64 wrong usage, \
            130 interrupted.

            Examples:
              holdfast support-bundle --output support.tar
              holdfast support-bundle --redact --output support.tar
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp("Where to; - is the standard output.", valueName: "file"),
        completion: .file(extensions: ["tar"])
    )
    var output: String

    @Flag(help: "Put placeholders in place of names.")
    var redact = false

    @Flag(help: "Replace a file that exists.")
    var force = false

    mutating func validate() throws {
        try StreamedOutput.validate(output, options)
    }

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let destination = FilePath(argument: output)
        let isStream = StreamedOutput.isMeant(by: output)
        // Before the work, which may take a minute.
        if isStream { try StandardOutput.requireOpen() } else { try refuse(destination) }
        let files = try SupportCollection(options, redacts: redact).collect()
        let incomplete = files.filter { !$0.problems.isEmpty }
        for (file, _, problems) in incomplete {
            let others = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
            console.warning("\(file.name) is incomplete: \(problems[0])\(others)")
        }
        let bytes = archive(files)
        if isStream {
            try StandardOutput.send(bytes)
        } else {
            try Export(to: destination, isReplacing: force).content(bytes)
            let line = SupportBundleLine(
                output: try Directory.absolute(destination).string,
                redacted: redact,
                bytes: bytes.count,
                files: files.map(\.file.name),
                incomplete: incomplete.map(\.file.name)
            )
            try console.result(json: line, text: text(destination, bytes.count))
        }
        return incomplete.isEmpty ? .done : .partial
    }

    private func text(_ destination: FilePath, _ count: Int) -> String {
        let names = redact ? "names are replaced" : "it has paths and names, which --redact replaces"
        return "wrote \(destination.printable), \(Quantity.text(bytes: UInt64(count))): \(names)"
    }

    /// A file that exists is not replaced unless it is asked for, and a protected one never.
    private func refuse(_ destination: FilePath) throws {
        guard FileStatus.ifPresent(destination) != nil else { return }
        if !force { throw RestoreError.exists(destination) }
        do {
            let repository = try RepositoryDirectory(at: options.repositoryPath())
            try ProtectedOutput(repository).refuse(destination)
        } catch let error as RestoreError {
            throw error
        } catch {
            // Where nothing can be read, nobody can tell what is protected.
        }
    }

    /// All in one directory, with a list of the files first.
    private func archive(_ files: [(file: SupportFile, bytes: [UInt8], problems: [String])]) -> [UInt8] {
        let now = Instant.now
        var archive = TarArchive(time: now)
        var list =
            "holdfast support-bundle, \(now.rfc3339UTC)\(redact ? ", with placeholders for names" : "")\n\n"
        for (file, _, problems) in files {
            list += "\(file.name): \(file.meaning)\(problems.isEmpty ? "" : " (incomplete)")\n"
        }
        archive.add("holdfast-support/README.txt", Array(list.utf8))
        for (file, bytes, _) in files { archive.add("holdfast-support/" + file.name, bytes) }
        return archive.bytes
    }
}
