import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

// The names that a support bundle may meet.
extension Redaction {
    /// Directories that most machines have, and that name nobody.
    private static let common: Set = [
        "bin", "config", ".config", "data", "dev", "etc", "holdfast", "home", "lib", "local", ".local",
        "media",
        "mnt", "opt", "proc", "repository", "root", "run", "sbin", "share", "srv", "sys", "tmp", "usr",
        "var", "work",
    ]
    /// No more files than these are listed in a root.
    private static let mostFiles = 100_000

    /// The machine, its user, the repository and the configuration.
    func addSurroundings(repository: FilePath?, configuration: FilePath?) {
        let home = CurrentProcess.environment("HOME").map { FilePath($0) }
        if let repository {
            for path in Self.forms(repository) { add(path, placeholder: "repository", isOpen: true) }
        }
        if let configuration {
            for path in Self.forms(configuration) { add(path, placeholder: "configuration") }
        }
        if let home, home.lastComponent != nil { add(home, placeholder: "home") }
        if let host = Machine.current.hostName {
            add(host, as: "host")
            add(String(host.prefix { $0 != "." }), as: "host")
        }
        for path in [repository, configuration, home].compactMap(\.self) { addComponents(path) }
        for name in ["USER", "LOGNAME"] {
            if let user = CurrentProcess.environment(name), user != "root" { add(user, as: "name") }
        }
    }

    /// The root, all files that it ever had, those that it has now, tags, and what the databases name.
    ///
    /// - Parameter number: of the root, from 1.
    /// Throws if some are not known. Those of a damaged history may be missing all the same.
    func addNames(in root: RootDescription, number: Int) throws {
        for path in Self.forms(root.path) { add(path, placeholder: "root-\(number)") }
        if let name = root.path.lastComponent {
            add(FilePath(root: nil, components: name), placeholder: "root-\(number)")
        }
        var count = 0
        var databases: [FileID] = []
        try ReplacedSegmentError.retrying {
            (count, databases) = (0, [])
            try RootHistory(root).visit { event in
                switch event {
                case .file(let file, let name, let kind):
                    count += 1
                    if kind == .database { databases.append(file) }
                    if root.kind == .directory { add(name, "file-\(count)", in: root, number) }
                case .annotation(let annotation) where annotation.kind == .tag:
                    if let tag = annotation.fields["name"] { add(tag, as: "tag") }
                default: break
                }
            }
        }
        if root.kind == .directory { try addLiveNames(in: root, number, &count) }
        for file in databases {
            // One without a mirror, or with a damaged schema, names nothing.
            let image = try? ImageDatabase(at: root.mirrorPath(file), isMapped: false)
            for name in (try? image?.schemaNames()) ?? [] { add(name, as: "table") }
        }
        addComponents(root.path)
    }

    /// What is in the directory now, excluded names too: messages may be about them.
    private func addLiveNames(in root: RootDescription, _ number: Int, _ count: inout Int) throws {
        var directories = [FilePath()]
        while let directory = directories.popLast() {
            let path = root.path.appending(directory.components)
            guard let names = try? Directory.names(in: path) else { continue }
            for name in names.sorted(by: { $0.string < $1.string }) {
                guard count < Self.mostFiles else {
                    let text = "there are more than \(Self.mostFiles) files in \(root.path.printable)"
                    throw Failure(.failed, text)
                }
                count += 1
                let file = directory.appending(name)
                let status = try? FileStatus.of(path.appending(name), followingLinks: false)
                let isDirectory = status?.kind == .directory
                add(file, isDirectory ? "directory-\(count)" : "file-\(count)", in: root, number)
                if isDirectory { directories.append(file) }
            }
        }
    }

    private func add(_ name: FilePath, _ placeholder: String, in root: RootDescription, _ number: Int) {
        add(name, in: root.path, placeholder: "root-\(number)/\(placeholder)")
        // The directories of a file that is gone have no other name in the history.
        for component in name.components.dropLast() { add(component.string, as: "directory") }
    }

    /// The names of the directories that lead to a path, which may be those of people and projects.
    private func addComponents(_ path: FilePath) {
        for component in path.components where !Self.common.contains(component.string) {
            add(component.string, as: "name")
        }
    }

    /// As it was given, and as the kernel has it.
    private static func forms(_ path: FilePath) -> [FilePath] {
        let absolute = try? Directory.absolute(path).lexicallyNormalized()
        return [path, absolute, try? Directory.resolve(path)].compactMap(\.self)
    }
}
