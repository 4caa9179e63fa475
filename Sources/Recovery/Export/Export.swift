import LinuxSystem
package import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// Writes output for other programs. It is written under another name beside its destination, and is complete
/// when it gets its final name.
package struct Export: Sendable {
    package let destination: FilePath
    /// Whether an existing file is replaced.
    package let isReplacing: Bool

    package init(to destination: FilePath, isReplacing: Bool) {
        self.destination = destination
        self.isReplacing = isReplacing
    }

    /// The SQL that creates a rebuilt database anew, as the `sqlite3` program dumps it, with its rowids. It
    /// also has the header values that a dump omits. Nothing is written unless the SQL makes an equal
    /// database. Throws `ExportError`, `RestoreError`, `SystemError`.
    package func dump(_ image: FilePath, of path: FilePath, at sequence: SequenceNumber) throws {
        if case .problems(let problems) = try Integrity.check(databaseAt: image, .quick) {
            throw RestoreError.unhealthy(path, sequence, problems: problems)
        }
        let header = try DumpHeader(image)
        if let table = header.tableWithNUL { throw ExportError.holdsNUL(path, table: table) }
        let lines = header.statements.map { ".print \"\($0)\"" }
        let options = ["-batch", "-init", "/dev/null", "-readonly", ImageURI(image).text]
        try write("sqlite3", options + lines + [".dump --preserve-rowids"]) { file in
            try DumpCheck.run(SQLDump(file: file), of: path, image)
        }
    }

    /// A tar archive of the files of a plan for a directory, in a directory with the root's name. Calls
    /// `onFailure` for each omitted file. Unless root makes it, the owner may read and write everything in
    /// it.
    package func archive(_ plan: RestorePlan, onFailure: (FilePath, any Error) throws -> Void) throws {
        let work = try UnfinishedWork.makeDirectory(forReading: plan.root.directory)
        defer { UnfinishedWork.discard(work) }
        let name = plan.root.path.lastComponent?.string ?? "root"
        let content = work.path.appending("content")
        let isRoot = CurrentProcess.userID == 0
        let plan = plan.moved(toDirectory: content.appending(name))
            .with { isRoot ? $0 : $0.withPermissions($0.ownership.permissions | 0o700) }
        try Directory.make(content)
        try Restore(plan, isReplacing: false).run(onFile: { _ in }, onFailure: onFailure)
        try write("tar", ["--create", "--directory", content.argument, "--file", "-", "--", "./" + name])
    }

    /// Content that is complete in memory. Throws `RestoreError`, `SystemError`.
    package func content(_ bytes: [UInt8]) throws {
        try write { output in
            try unsafe OpenFile(output, .createNew).write(bytes.span.bytes, at: 0)
        }
    }

    /// `check`: throws if the program wrote something wrong.
    private func write(
        _ program: String,
        _ arguments: [String],
        check: (FilePath) throws -> Void = { _ in }
    ) throws {
        try write { output in
            let file = output.directory.heldPath.appending(output.name)
            try ForegroundProcess.succeed(program, arguments, output: file)
            try check(file)
        }
    }

    /// `body`: makes the file.
    private func write(_ body: (DirectoryEntry) throws -> Void) throws {
        let place = try Destination.file(destination, isReplaceable: isReplacing, name: nil)
        let work = try UnfinishedWork.makeDirectory(in: place.directory)
        defer { UnfinishedWork.discard(work) }
        let output = DirectoryEntry("output", in: work)
        try body(output)
        try OpenFile(output, .read).synchronise()
        try UnfinishedWork.name(output, place, isReplacing: isReplacing)
        try place.directory.synchronise()
    }
}

extension ForegroundProcess {
    /// Runs a program that must end with success. Throws `ExportError`, `SystemError`.
    static func succeed(
        _ program: String,
        _ arguments: [String],
        input: FilePath? = nil,
        output: FilePath
    ) throws {
        let status: Int32
        do {
            status = try run(program, arguments, input: input, output: output)
        } catch {
            throw error.isMissing ? ExportError.noProgram(program) : error
        }
        guard status == 0 else { throw ExportError.failed(program, status) }
    }
}

/// Why nothing was exported, or why nothing could be made of the output.
package enum ExportError: Error, Hashable, CustomStringConvertible {
    case noProgram(String)
    case failed(String, Int32)
    case makesNothing(FilePath)
    /// SQL ends at a NUL, and `sqlite3` truncates the text there.
    case holdsNUL(FilePath, table: String)
    /// `sqlite3` gave up, and its dump ends with ROLLBACK.
    case dumpsNothing(FilePath)
    /// `name`: of a definition or a table that the dump does not make as it is.
    case differs(FilePath, name: String)

    package var description: String {
        switch self {
        case .noProgram(let name): "the program \(name) is not there: install it"
        case .failed(let name, let status): "\(name) ended with status \(status): see what it said above"
        case .holdsNUL(let path, let table):
            "text in \(table.printable) of \(path.printable) has NUL characters, which SQL cannot hold: say --format db"
        case .dumpsNothing(let path):
            "sqlite3 cannot dump \(path.printable): its dump makes no table: say --format db"
        case .differs(let path, let name):
            "SQL of \(path.printable) does not bring \(name.printable) back as it is: say --format db"
        case .makesNothing(let file):
            "\(file.printable) makes no table: it is no SQL dump, or its end with COMMIT is missing"
        }
    }
}
