import LinuxSystem
package import SystemPackage

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
        try edit { edit throws(RootListEdit.Obstacle) in
            for root in new { try edit.add(root) }
        } expecting: {
            $0 == known.union(new)
        }
        return new
    }

    /// Removes a root from the file. Returns whether the file had it.
    package func remove(_ root: FilePath) throws -> Bool {
        let lock = try takeTurn()
        defer { extendLifetime(lock) }
        let known = Set(try (parsed() ?? Configuration()).roots.map(\.path.value))
        guard known.contains(root) else { return false }
        try edit { edit throws(RootListEdit.Obstacle) in
            _ = try edit.remove(root)
        } expecting: {
            $0 == known.subtracting([root])
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
        _ change: (inout RootListEdit) throws(RootListEdit.Obstacle) -> Void,
        expecting isExpected: (Set<FilePath>) -> Bool
    ) throws {
        var edit = try RootListEdit(text() ?? "")
        do {
            try change(&edit)
        } catch .isWrittenInOneLine(let line) {
            throw ConfigurationError.uneditable(path, line: line)
        }
        try write(edit.text) { isExpected(Set($0.roots.map(\.path.value))) }
    }

    /// Replaces the file, or what a symbolic link in its place leads to, if the text says what is expected.
    /// Its owner and mode stay.
    private func write(_ text: String, expecting isExpected: (Configuration) -> Bool) throws {
        let problems = ConfigurationProblems()
        let result = Configuration(parsing: text, problems)
        guard problems.all.isEmpty, isExpected(result) else {
            throw ConfigurationError.uneditable(path, line: result.roots.first?.path.line ?? 1)
        }
        let former = try FileStatus.unlessMissing(path)
        let place = former == nil ? path : try Directory.resolve(path)
        if former == nil { try Directory.make(place.removingLastComponent()) }
        try Directory.replaceFile(at: place, with: Array(text.utf8), ownership: former?.ownership)
    }
}
