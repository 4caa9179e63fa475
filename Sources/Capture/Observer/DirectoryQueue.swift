import SystemPackage

/// Directories that are to be listed, each once however often it is asked for.
struct DirectoryQueue {
    private var queue: [FilePath] = []
    private var wereElsewhere: [FilePath: Bool] = [:]

    var isEmpty: Bool { queue.isEmpty }

    mutating func add(_ name: FilePath, wasElsewhere: Bool) {
        if wereElsewhere[name] == nil { queue.append(name) }
        wereElsewhere[name] = wasElsewhere || wereElsewhere[name] == true
    }

    /// The last one that was added: so a tree is gone through to its depth before the next one begins.
    mutating func take() -> (name: FilePath, wasElsewhere: Bool)? {
        guard let name = queue.popLast() else { return nil }
        return (name, wereElsewhere.removeValue(forKey: name) ?? false)
    }

    /// Without the directory and those below it.
    mutating func remove(below top: FilePath) {
        for name in queue where name.starts(with: top) { wereElsewhere[name] = nil }
        queue.removeAll { $0.starts(with: top) }
    }
}
