import LinuxSystem
package import SystemPackage
import Yams

extension ConfigurationFile {
    /// Has the file name the repository, if it does not name one. Returns whether that was so.
    ///
    /// Throws `ConfigurationError` if the file is wrong, and `SystemError`.
    package func nameRepository(_ repository: FilePath) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let configuration = try parsed() ?? Configuration()
        guard configuration.repository == nil else { return false }
        var lines = (try text() ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        // Behind directives and the line that ends them (yaml.org/spec/1.2.2, section 9.1).
        let start = lines.firstIndex(of: "---").map { $0 + 1 } ?? 0
        lines.insert("repository: \(YAMLScalar.text(repository.string))", at: start)
        try write(lines.joined(separator: "\n")) { new in
            new.repository?.value == repository
                && new.roots.map(\.path.value) == configuration.roots.map(\.path.value)
        }
        return true
    }

    /// Adds roots to the file, which is made if there is none. Returns those that it did not have.
    ///
    /// Throws `ConfigurationError` if the file is wrong or cannot be edited, and `SystemError`.
    package func add(_ roots: [FilePath]) throws -> [FilePath] {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = Set(try (parsed() ?? Configuration()).roots.map(\.path.value))
        let new = roots.filter { !known.contains($0) }
        guard !new.isEmpty else { return [] }
        try edit("roots") { edit throws(ListEdit.Obstacle) in
            for root in new { try edit.add("path: \(YAMLScalar.text(root.string))") }
        } expecting: {
            Set($0.roots.map(\.path.value)) == known.union(new)
        }
        return new
    }

    /// Removes a root from the file. Returns whether the file had it.
    package func remove(_ root: FilePath) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = Set(try (parsed() ?? Configuration()).roots.map(\.path.value))
        guard known.contains(root) else { return false }
        try edit("roots") { edit throws(ListEdit.Obstacle) in
            _ = try edit.remove { $0.value(of: "path", .path) == root }
        } expecting: {
            Set($0.roots.map(\.path.value)) == known.subtracting([root])
        }
        return true
    }

    /// Adds a remote to the file, which is made if there is none. Returns false if it has one of that name.
    package func add(_ remote: Configuration.Remote) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = try (parsed() ?? Configuration()).remotes.map(\.name.value)
        guard !known.contains(remote.name.value) else { return false }
        try edit("remotes") { edit throws(ListEdit.Obstacle) in
            try edit.add(remote.yaml)
        } expecting: {
            $0.remotes.last?.yaml == remote.yaml
        }
        return true
    }

    /// Removes a remote from the file. Returns whether the file had it.
    package func remove(remote name: String) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = try (parsed() ?? Configuration()).remotes.map(\.name.value)
        guard known.contains(name) else { return false }
        try edit("remotes") { edit throws(ListEdit.Obstacle) in
            _ = try edit.remove { $0.value(of: "name", .name) == name }
        } expecting: {
            $0.remotes.map(\.name.value) == known.filter { $0 != name }
        }
        return true
    }

    /// One process after the other changes it: a `flock(2)` of its directory, which is made.
    private func takeTurn() throws -> OpenFile {
        let directory = path.removingLastComponent()
        try Directory.make(directory)
        let lock = try OpenFile(directory, .read)
        try lock.waitForExclusiveLock()
        return lock
    }

    /// Writes the file anew. What it would say then is compared with what it should say.
    private func edit(
        _ list: String,
        _ change: (inout ListEdit) throws(ListEdit.Obstacle) -> Void,
        expecting isExpected: (Configuration) -> Bool
    ) throws {
        var edit = try ListEdit(text() ?? "", of: list)
        do {
            try change(&edit)
        } catch .isWrittenInOneLine(let line) {
            throw ConfigurationError.uneditable(path, list: list, line: line)
        }
        try write(edit.text, list: list, expecting: isExpected)
    }

    /// Replaces the file, or what a symbolic link in its place leads to, if the text says what is expected.
    /// Its owner and mode stay.
    private func write(
        _ text: String,
        list: String = "roots",
        expecting isExpected: (Configuration) -> Bool
    ) throws {
        let problems = ConfigurationProblems()
        let result = Configuration(parsing: text, problems)
        guard problems.all.isEmpty, isExpected(result) else {
            let line = result.roots.first?.path.line ?? 1
            throw ConfigurationError.uneditable(path, list: list, line: line)
        }
        let former = try FileStatus.unlessMissing(path)
        let place = former == nil ? path : try Directory.resolve(path)
        if former == nil { try Directory.make(place.removingLastComponent()) }
        try Directory.replaceFile(at: place, with: Array(text.utf8), ownership: former?.ownership)
    }
}

extension Node {
    /// The value of that key of a mapping; nil if it is absent or wrong.
    fileprivate func value<Value>(of key: String, _ type: SettingType<Value>) -> Value? {
        mapping?[key].flatMap { type.read($0, named: key, ConfigurationProblems())?.value }
    }
}
