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

    /// Removes a root from the file, which may be wrong otherwise. Returns what is still wrong with it; nil
    /// if it did not have the root.
    ///
    /// Throws `ConfigurationError` if a wrong file does not seem to have the root, or if the file cannot be
    /// edited, and `SystemError`.
    package func remove(_ root: FilePath, _ check: Check) throws -> [ConfigurationProblem]? {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        guard let former = try understood(check) else { return nil }
        let known = Set(former.configuration.roots.map(\.path.value))
        guard known.contains(root) else {
            // It may be in what cannot be read.
            guard former.problems.isEmpty else { throw ConfigurationError.invalid(path, former.problems) }
            return nil
        }
        let text = try edited("roots") { edit throws(ListEdit.Obstacle) in
            _ = try edit.remove { $0.value(of: "path", .path) == root }
        }
        let problems = try requireRight(text, check, besides: former.problems.count) {
            Set($0.roots.map(\.path.value)) == known.subtracting([root])
        }
        try write(text)
        return problems
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

    /// Removes a remote from the file, which may be wrong otherwise. Returns the remote, and what is still
    /// wrong with the file; nil if it did not have one of that name. Throws as `remove` does for roots.
    package func remove(
        remote name: String,
        _ check: Check
    ) throws -> (remote: Configuration.Remote, problems: [ConfigurationProblem])? {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        guard let former = try understood(check) else { return nil }
        let known = former.configuration.remotes
        guard let remote = known.first(where: { $0.name.value == name }) else {
            guard former.problems.isEmpty else { throw ConfigurationError.invalid(path, former.problems) }
            return nil
        }
        let text = try edited("remotes") { edit throws(ListEdit.Obstacle) in
            _ = try edit.remove { $0.value(of: "name", .name) == name }
        }
        let problems = try requireRight(text, list: "remotes", check, besides: former.problems.count) {
            $0.remotes.map(\.name.value) == known.map(\.name.value).filter { $0 != name }
        }
        try write(text)
        return (remote, problems)
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

    /// Throws unless the file with that text would say what is expected, and have no more problems than now.
    /// Returns those that it would have.
    ///
    /// - Parameter count: how many it has now.
    @discardableResult
    private func requireRight(
        _ text: String,
        list: String = "roots",
        _ check: Check = { _ in [] },
        besides count: Int = 0,
        expecting isExpected: (Configuration) -> Bool
    ) throws -> [ConfigurationProblem] {
        let (result, problems) = Self.understood(text, check)
        let line = list == "roots" ? result.roots.first?.path.line : result.remotes.first?.name.line
        let uneditable = ConfigurationError.uneditable(path, list: list, line: line ?? 1)
        do {
            _ = try Yams.compose(yaml: text)
        } catch {
            // It was YAML before: it was changed in a wrong way.
            throw uneditable
        }
        guard problems.count <= count else {
            throw ConfigurationError.wouldBeInvalid(problems.map(\.message))
        }
        guard isExpected(result) else { throw uneditable }
        return problems
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
