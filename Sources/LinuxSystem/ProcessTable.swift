package import SystemPackage

/// The other processes of the machine, as far as this user may see them (proc(5)).
package enum ProcessTable {
    /// A process that has a file open for writing.
    package struct Holder: Hashable, Sendable {
        package let processID: Int32
        /// Its command line, or its name if it has none.
        package let command: String
    }

    /// The processes, apart from this one, that have one of the files open for writing, by process number.
    ///
    /// Processes that only read cannot harm a file that replaces theirs. Only root can see the files of other
    /// users' processes.
    package static func writers(of files: Set<FileIdentity>) -> [Holder] {
        files.isEmpty ? [] : holders { files.contains($1.identity) }
    }

    /// The same for the file at `path`, if there is one.
    package static func writers(ofFileAt path: FilePath) -> [Holder] {
        FileStatus.ifPresent(path).map { writers(of: [$0.identity]) } ?? []
    }

    /// The processes that have a file open for writing which had that path when it was removed
    /// (proc_pid_fd(5)).
    ///
    /// - Parameter path: absolute, free of symbolic links.
    package static func writers(ofRemovedFileAt path: FilePath) -> [Holder] {
        let text = path.appending(suffix: " (deleted)")
        return holders { file, _ in Directory.target(ofLink: file) == text }
    }

    private static func holders(_ isMeant: (FilePath, FileStatus) -> Bool) -> [Holder] {
        guard let names = try? Directory.names(in: "/proc") else { return [] }
        return names.compactMap { Int32($0.string) }.filter { $0 != CurrentProcess.identifier }.sorted()
            .filter { writes($0, isMeant) }.map { Holder(processID: $0, command: command(of: $0)) }
    }

    private static func writes(_ process: Int32, _ isMeant: (FilePath, FileStatus) -> Bool) -> Bool {
        let directory = FilePath("/proc/\(process)")
        guard let descriptors = try? Directory.names(in: directory.appending("fd")) else { return false }
        return descriptors.contains { name in
            let file = directory.appending("fd").appending(name)
            guard let status = FileStatus.ifPresent(file), isMeant(file, status) else { return false }
            return isWritable(directory.appending("fdinfo").appending(name))
        }
    }

    /// Whether the line `flags:` says, in octal, anything but O_RDONLY, which is 0 (proc_pid_fdinfo(5)).
    private static func isWritable(_ information: FilePath) -> Bool {
        let lines = text(of: information).split(separator: "\n")
        guard let flags = lines.first(where: { $0.hasPrefix("flags:") })?.dropFirst(6),
            let bits = UInt32(flags.filter { !$0.isWhitespace }, radix: 8)
        else { return false }
        return bits & 0o3 != 0
    }

    private static func command(of process: Int32) -> String {
        let words = text(of: FilePath("/proc/\(process)/cmdline")).split(separator: "\0")
        guard words.isEmpty else { return words.joined(separator: " ") }
        return text(of: FilePath("/proc/\(process)/comm")).filter { !$0.isNewline }
    }

    /// The first 4 KiB of a file of proc(5); empty if it cannot be read.
    static func text(of path: FilePath) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard let file = try? OpenFile(path, .read),
            let count = try? file.read(into: &bytes, count: bytes.count, at: 0)
        else { return "" }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
