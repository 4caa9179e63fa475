import LinuxSystem
package import SystemPackage

extension ConfigurationFile {
    /// Adds roots to the file, which is made if there is none. Returns those that it did not have.
    ///
    /// Throws `ConfigurationError` if the file is wrong or cannot be edited, and `SystemError`.
    package func add(_ roots: [FilePath]) throws -> [FilePath] {
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
        let known = Set(try (parsed() ?? Configuration()).roots.map(\.path.value))
        guard known.contains(root) else { return false }
        try edit { edit throws(RootListEdit.Obstacle) in
            _ = try edit.remove(root)
        } expecting: {
            $0 == known.subtracting([root])
        }
        return true
    }

    /// Writes the file anew. What it would say then is compared with what it should say.
    private func edit(
        _ change: (inout RootListEdit) throws(RootListEdit.Obstacle) -> Void,
        expecting isExpected: (Set<FilePath>) -> Bool
    ) throws {
        let problems = ConfigurationProblems()
        var edit = try RootListEdit(text() ?? "")
        do {
            try change(&edit)
        } catch .isWrittenInOneLine(let line) {
            throw ConfigurationError.uneditable(path, line: line)
        }
        let result = Configuration(parsing: edit.text, problems)
        guard problems.all.isEmpty, isExpected(Set(result.roots.map(\.path.value))) else {
            throw ConfigurationError.uneditable(path, line: result.roots.first?.path.line ?? 1)
        }
        try write(edit.text)
    }

    /// Replaces the file, or what a symbolic link in its place leads to. Its owner and mode stay.
    private func write(_ text: String) throws {
        let former = try FileStatus.unlessMissing(path)
        let place = former == nil ? path : try Directory.resolve(path)
        if former == nil { try Directory.make(place.removingLastComponent()) }
        let draft = place.appending(suffix: ".\(UInt64.random(in: 0 ... .max).padded(to: 16, radix: 16)).new")
        do {
            let file = try OpenFile(draft, .createNew)
            try file.write(unsafe Array(text.utf8).span.bytes, at: 0)
            if let former {
                try file.setOwnership(
                    FileOwnership(
                        userID: former.ownerID,
                        groupID: former.groupID,
                        permissions: former.permissions
                    )
                )
            }
            try file.synchronise()
            try Directory.rename(draft, to: place)
        } catch {
            try? Directory.remove(draft)
            throw error
        }
        try Directory.synchronise(place.removingLastComponent())
    }
}
