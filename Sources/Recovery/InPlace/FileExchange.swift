import LinuxFiles
import SystemPackage

/// Puts an image in the place of a file, and the file with what SQLite keeps beside it aside. The name is never free in between,
/// nothing is deleted, and SQLite never finds what belongs to the one beside the other.
struct FileExchange {
    /// Absolute, free of symbolic links.
    let place: FilePath
    /// What is put aside is called that behind its name, as `.corrupted-YYYYMMDD-HHMMSS`. nil: it goes, for the history has it.
    let asideSuffix: String?
    /// How long to wait for programs that have the file open.
    let wait: Duration
    /// Whether programs that still have it open then are left to go on with what was put aside.
    let isForced: Bool

    /// Returns the names of what was put aside. `image` is on the same file system, and on the disk.
    /// Throws `InPlaceError.inUse`, `SystemError`.
    func run(_ image: FilePath) throws -> [FilePath] {
        guard let present = try FileStatus.unlessMissing(place) else { return try fill(image) }
        try own(image, present.ownership)
        let file = try OpenFile(place, .update)
        let isLocked = try waitUntilUnused(file)
        defer { if isLocked { file.releaseWriteLock() } }
        var moved: [FilePath] = []
        if let asideSuffix {
            let aside = try freeName(asideSuffix)
            try Directory.addName(aside, to: place)
            moved = [aside]
            try moved += setSidecarsAside(for: aside)
        }
        try UnfinishedWork.name(image, place, isReplacing: true)
        try Directory.synchronise(place.removingLastComponent())
        return moved
    }

    /// Puts the file aside, and nothing in its place. Returns the names of what was put aside.
    func setAside() throws -> [FilePath] {
        guard let asideSuffix, try FileStatus.unlessMissing(place) != nil else { return [] }
        let file = try OpenFile(place, .update)
        let isLocked = try waitUntilUnused(file)
        defer { if isLocked { file.releaseWriteLock() } }
        let aside = try freeName(asideSuffix)
        let sidecars = try setSidecarsAside(for: aside)
        try Directory.rename(place, to: aside)
        try Directory.synchronise(place.removingLastComponent())
        return [aside] + sidecars
    }

    /// Nothing has the name.
    private func fill(_ image: FilePath) throws -> [FilePath] {
        let directory = try FileStatus.of(place.removingLastComponent()).ownership
        // As a program of the directory's owner would make it there.
        let bits = 0o600 | (directory.permissions & 0o044)
        try own(
            image,
            FileOwnership(userID: directory.userID, groupID: directory.groupID, permissions: bits)
        )
        let sidecars = try asideSuffix.map { try setSidecarsAside(for: freeName($0)) } ?? []
        try UnfinishedWork.name(image, place, isReplacing: false)
        try Directory.synchronise(place.removingLastComponent())
        return sidecars
    }

    private func own(_ image: FilePath, _ ownership: FileOwnership) throws {
        let file = try OpenFile(image, .update)
        try file.setOwnership(ownership)
        try file.synchronise()
    }

    /// With the whole file locked, no program reads or writes it; those that only have it open are asked for by name.
    /// Returns whether it is locked.
    private func waitUntilUnused(_ file: borrowing OpenFile) throws -> Bool {
        let deadline = Tick.now.advanced(by: wait)
        while true {
            let isLocked = try file.takeWriteLock()
            let holders = ProcessTable.writers(of: [try file.status().identity])
            if isLocked, holders.isEmpty { return true }
            guard Tick.now < deadline else {
                if isForced { return isLocked }
                if isLocked { file.releaseWriteLock() }
                throw InPlaceError.inUse(place, holders)
            }
            if isLocked { file.releaseWriteLock() }
            Thread.nap(.milliseconds(20))
        }
    }

    private func setSidecarsAside(for aside: FilePath) throws -> [FilePath] {
        var moved: [FilePath] = []
        for suffix in Destination.sidecarSuffixes {
            let sidecar = place.appending(suffix: suffix)
            guard try FileStatus.unlessMissing(sidecar, followingLinks: false) != nil else { continue }
            // SQLite finds it there for the file that it belongs to.
            let name = aside.appending(suffix: suffix)
            try Directory.rename(sidecar, to: name)
            moved.append(name)
        }
        return moved
    }

    private func freeName(_ suffix: String) throws -> FilePath {
        let name = place.appending(suffix: suffix)
        guard try FileStatus.unlessMissing(name, followingLinks: false) != nil else { return name }
        for number in 2...1000 {
            let numbered = name.appending(suffix: "-\(number)")
            if try FileStatus.unlessMissing(numbered, followingLinks: false) == nil { return numbered }
        }
        return name
    }
}
