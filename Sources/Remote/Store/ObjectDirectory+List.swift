import LinuxSystem
import SystemPackage

extension ObjectDirectory {
    func list(_ prefix: String, after last: ObjectName?) throws -> ObjectPage {
        let time = time()
        var scan = ObjectScan(prefix: prefix, after: last?.text ?? "")
        let components = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let isPossible = components.allSatisfy { ObjectName(String($0)) != nil }
        if isPossible, let start = try directory(components) {
            try scan.visit(start, components.map { $0 + "/" }.joined())
        }
        let hasMore = scan.found.count > ObjectScan.pageCount
        return ObjectPage(
            objects: Array(scan.found.prefix(ObjectScan.pageCount)),
            hasMore: hasMore,
            time: time
        )
    }
}

/// Collects the next objects in the order of their names, until there is one more than a page has.
///
/// The order within a directory is that of keys: the path of an object, and for a directory its path and `/`.
/// Everything in a directory begins with its key. So the order by keys, then inwards, is that of the names.
/// No more keys are held than for two pages and each level of directories.
private struct ObjectScan {
    static let pageCount = 1_000
    private static let mostCount = pageCount + 1

    let prefix: String
    /// The name after which the page begins; empty at the first one.
    let after: String
    private(set) var found: [ListedObject] = []

    init(prefix: String, after: String) {
        (self.prefix, self.after) = (prefix, after)
    }

    private struct Candidate {
        let key: String
        let name: FilePath.Component
        let isDirectory: Bool
    }

    private var isFull: Bool { found.count >= Self.mostCount }

    /// - Parameter path: of the directory in the remote, empty or with `/` at its end.
    mutating func visit(_ directory: OpenDirectory, _ path: String) throws(SystemError) {
        var last = ""
        while !isFull {
            let (candidates, isComplete) = try candidates(in: directory, path, after: last)
            for candidate in candidates where !isFull { try take(candidate, in: directory) }
            guard !isComplete, let key = candidates.last?.key else { return }
            last = key
        }
    }

    private mutating func take(_ candidate: Candidate, in directory: OpenDirectory) throws(SystemError) {
        let entry = DirectoryEntry(candidate.name, in: directory)
        guard candidate.isDirectory else {
            // It may be removed meanwhile.
            guard let status = try entry.statusUnlessMissing(), status.kind == .regular,
                let name = ObjectName(candidate.key)
            else { return }
            let written = Instant(nanoseconds: status.modified)
            return found.append(ListedObject(name: name, sizeBytes: status.sizeBytes, written: written))
        }
        let inner: OpenDirectory
        do throws(SystemError) {
            inner = try OpenDirectory(entry)
        } catch {
            guard error.isMissing else { throw error }
            return
        }
        try visit(inner, candidate.key)
    }

    /// The first ones in their order, and whether these are all.
    private func candidates(
        in directory: OpenDirectory,
        _ path: String,
        after last: String
    ) throws(SystemError) -> (candidates: [Candidate], isComplete: Bool) {
        var candidates: [Candidate] = []
        var isComplete = true
        func keepFirst() {
            candidates.sort { $0.key < $1.key }
            guard candidates.count > Self.mostCount else { return }
            candidates.removeSubrange(Self.mostCount...)
            isComplete = false
        }
        try directory.forEachName { (name, kind) throws(SystemError) in
            let text = path + name.string
            guard text.hasPrefix(prefix), ObjectName(name.string) != nil else { return }
            var kind = kind
            if kind == nil { kind = try DirectoryEntry(name, in: directory).statusUnlessMissing()?.kind }
            guard kind == .regular || kind == .directory else { return }
            let isDirectory = kind == .directory
            let key = isDirectory ? text + "/" : text
            // A directory that begins before the page may reach into it.
            guard key > last, key > after || isDirectory && after.hasPrefix(key) else { return }
            candidates.append(Candidate(key: key, name: name, isDirectory: isDirectory))
            if candidates.count >= Self.mostCount * 2 { keepFirst() }
        }
        keepFirst()
        return (candidates, isComplete)
    }
}
