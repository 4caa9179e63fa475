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
        let text = lines.joined(separator: "\n")
        try requireRight(text) { new in
            new.repository?.value == repository
                && new.roots.map(\.path.value) == configuration.roots.map(\.path.value)
        }
        try write(text)
        return true
    }

    /// Adds roots to the file, which is made if there is none. Returns those that it did not have.
    ///
    /// Throws `ConfigurationError` if the file is wrong, would be, or cannot be edited, and `SystemError`.
    package func add(_ roots: [FilePath], _ check: Check) throws -> [FilePath] {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = Set(try (parsed(check) ?? Configuration()).roots.map(\.path.value))
        let new = roots.filter { !known.contains($0) }
        guard !new.isEmpty else { return [] }
        let text = try edited("roots") { edit throws(ListEdit.Obstacle) in
            for root in new { try edit.add("path: \(YAMLScalar.text(root.string))") }
        }
        try requireRight(text, check) { Set($0.roots.map(\.path.value)) == known.union(new) }
        try write(text)
        return new
    }

    /// Removes a root from the file. Returns whether the file had it.
    package func remove(_ root: FilePath) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = Set(try (parsed() ?? Configuration()).roots.map(\.path.value))
        guard known.contains(root) else { return false }
        let text = try edited("roots") { edit throws(ListEdit.Obstacle) in
            _ = try edit.remove { $0.value(of: "path", .path) == root }
        }
        try requireRight(text) { Set($0.roots.map(\.path.value)) == known.subtracting([root]) }
        try write(text)
        return true
    }

    /// Adds a remote to the file, which is made if there is none. Returns false if it has one of that name.
    /// Throws as `add` does for roots.
    package func add(_ remote: Configuration.Remote, _ check: Check) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        guard let text = try text(adding: remote, check) else { return false }
        try write(text)
        return true
    }

    /// What `add` would return or throw. Changes nothing.
    package func canAdd(_ remote: Configuration.Remote, _ check: Check) throws -> Bool {
        try text(adding: remote, check) != nil
    }

    /// Nil if it has a remote of that name.
    private func text(adding remote: Configuration.Remote, _ check: Check) throws -> String? {
        let known = try (parsed(check) ?? Configuration()).remotes.map(\.name.value)
        guard !known.contains(remote.name.value) else { return nil }
        let text = try edited("remotes") { edit throws(ListEdit.Obstacle) in
            try edit.add(remote.yaml)
        }
        try requireRight(text, list: "remotes", check) { $0.remotes.last?.yaml == remote.yaml }
        return text
    }

    /// Removes a remote from the file. Returns whether the file had it.
    package func remove(remote name: String) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = try (parsed() ?? Configuration()).remotes.map(\.name.value)
        guard known.contains(name) else { return false }
        let text = try edited("remotes") { edit throws(ListEdit.Obstacle) in
            _ = try edit.remove { $0.value(of: "name", .name) == name }
        }
        try requireRight(text, list: "remotes") {
            $0.remotes.map(\.name.value) == known.filter { $0 != name }
        }
        try write(text)
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

    /// The text of the file with a change to one of its lists.
    private func edited(
        _ list: String,
        _ change: (inout ListEdit) throws(ListEdit.Obstacle) -> Void
    ) throws -> String {
        var edit = try ListEdit(text() ?? "", of: list)
        do {
            try change(&edit)
        } catch .isWrittenInOneLine(let line) {
            throw ConfigurationError.uneditable(path, list: list, line: line)
        }
        return edit.text
    }

    /// Throws unless the file would be right with that text, and say what is expected.
    private func requireRight(
        _ text: String,
        list: String = "roots",
        _ check: Check = { _ in [] },
        expecting isExpected: (Configuration) -> Bool
    ) throws {
        let problems = ConfigurationProblems()
        let result = Configuration(parsing: text, problems)
        let messages = (problems.all + check(result)).map(\.message)
        // What is YAML no longer was changed in a wrong way: nothing in it can be wrong but that.
        if !messages.isEmpty, (try? Yams.compose(yaml: text)) != nil {
            throw ConfigurationError.wouldBeInvalid(messages)
        }
        guard messages.isEmpty, isExpected(result) else {
            let line = list == "roots" ? result.roots.first?.path.line : result.remotes.first?.name.line
            throw ConfigurationError.uneditable(path, list: list, line: line ?? 1)
        }
    }

    /// Replaces the file, or what a symbolic link in its place leads to. Its owner and mode stay.
    private func write(_ text: String) throws {
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
