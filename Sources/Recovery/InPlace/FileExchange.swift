import LinuxSystem
import SQLiteFiles
import SystemPackage

/// Replaces a file by an image, and renames the previous file with its sidecars. A program that opened the
/// previous file before that continues with it. In WAL mode it would write into the new file's log, which it
/// finds by name. So the previous file remains locked until no program has it open. If that takes too long,
/// everything is undone.
///
/// Where files can have two names, the name is never free in between. Nothing is deleted unless
/// `keepsPrevious` is false. SQLite never finds the sidecars of one file beside the other.
struct FileExchange {
    /// The path of its directory is absolute and free of symbolic links.
    let place: DirectoryEntry
    /// The file's former attributes, used when the name is free. nil: it is made as a program of the
    /// directory's owner would make it. An existing file passes on its own owner and mode.
    let attributes: FileAttributes?
    /// The previous file's name is extended by this suffix, as `.corrupted-YYYYMMDD-HHMMSS`.
    let quarantineSuffix: String
    /// False only for a plain file that the history has: the previous file is then removed in the end, unless
    /// a program wrote to it meanwhile.
    let keepsPrevious: Bool
    /// How long to wait for programs that have the file open.
    let wait: Duration
    /// Whether programs that still have it open then may continue with the previous file.
    let isForced: Bool

    private typealias Moved = (from: DirectoryEntry, to: DirectoryEntry)

    /// Appends the new names of the previous file and its sidecars to `quarantined`. Returns the attributes
    /// that could not be restored. `image` must be durable and on the same file system.
    ///
    /// `isUnchanged` is called once no program uses the file. If it returns false, the file is not changed
    /// and the result is nil.
    ///
    /// Throws `InPlaceError.inUse`, `SystemError`. Nothing is changed then, unless only the exchange itself
    /// could not be made durable; `quarantined` says so.
    func run(
        _ image: DirectoryEntry,
        quarantined: inout [FilePath],
        isUnchanged: () throws -> Bool
    ) throws -> [AttributesShortfall]? {
        let deadline = MonotonicInstant.now.advanced(by: wait)
        guard let present = try place.statusUnlessMissing() else {
            return try fill(image, deadline, &quarantined, isUnchanged)
        }
        try giveOwnership(present.ownership, to: image)
        let old = try OpenFile(place, .update)
        let new = try OpenFile(image, .update)
        // In WAL mode both files would be written through one log.
        let mayBeForced = try !new.isLogged()
        let isLocked = try waitUntilUnused(old, mayBeForced: mayBeForced, deadline)
        defer { if isLocked { old.releaseWriteLock() } }
        guard try isUnchanged() else { return nil }
        let oldStatus = try old.status()
        // Programs that open the new file wait as well, until it is certain that it remains.
        let isNewLocked = try new.takeWriteLock()
        defer { if isNewLocked { new.releaseWriteLock() } }

        let newName = try freeName()
        let sidecars = try UnfinishedWork.uninterrupted {
            try exchange(image, oldStatus.identity, newName) {
                guard isLocked, keepsPrevious else { return }
                try waitForLatecomers(to: old, mayBeForced: mayBeForced, deadline)
            }
        }
        guard let sidecars else { return nil }
        let isRemoved = !keepsPrevious && remove(newName, of: old, ifAs: oldStatus)
        quarantined += (isRemoved ? [] : [newName.path]) + sidecars.map(\.to.path)
        try place.directory.synchronise()
        return []
    }

    /// Fills a free name. Programs may have an earlier file of that name open.
    private func fill(
        _ image: DirectoryEntry,
        _ deadline: MonotonicInstant,
        _ quarantined: inout [FilePath],
        _ isUnchanged: () throws -> Bool
    ) throws -> [AttributesShortfall]? {
        let isLogged = try OpenFile(image, .read).isLogged()
        while true {
            let holders = ProcessTable.writers(ofRemovedFileAt: place.path)
            if holders.isEmpty || isForced && !isLogged { break }
            guard MonotonicInstant.now < deadline, !UnfinishedWork.isToBeAbandoned else {
                throw InPlaceError.inUse(place.path, holders, mayBeForced: !isLogged)
            }
            WorkerThread.sleep(.milliseconds(20))
        }
        guard try isUnchanged() else { return nil }
        var sidecars: [Moved] = []
        do {
            try quarantineSidecars(for: freeName(), &sidecars)
            let file = try OpenFile(image, .update)
            let shortfalls = try setFormerAttributes(of: file)
            // A program that found no file may just have created an empty one.
            guard try takeFreeName(image) else {
                undo(sidecars)
                // The next attempt opens the image for writing once more.
                let present = try file.status().ownership
                try file.setOwnership(present.with(permissions: 0o600))
                return nil
            }
            quarantined += sidecars.map(\.to.path)
            sidecars = []
            try place.directory.synchronise()
            return shortfalls
        } catch {
            undo(sidecars)
            throw error
        }
    }

    /// Renames the file without a replacement. Returns the new names of the file and its sidecars.
    func quarantine() throws -> [FilePath] {
        guard try place.statusUnlessMissing() != nil else { return [] }
        let file = try OpenFile(place, .update)
        let isLocked = try waitUntilUnused(file, mayBeForced: true, MonotonicInstant.now.advanced(by: wait))
        defer { if isLocked { file.releaseWriteLock() } }
        let newName = try freeName()
        let sidecars = try UnfinishedWork.uninterrupted {
            try moveWithSecondNames(to: newName) ?? moveInTurn(to: newName)
        }
        try place.directory.synchronise()
        return [newName.path] + sidecars.map(\.to.path)
    }

    /// Removes the previous file, unless a program has written to it, or may. Returns whether it is gone.
    private func remove(
        _ newName: DirectoryEntry,
        of old: borrowing OpenFile,
        ifAs oldStatus: FileStatus
    ) -> Bool {
        guard let status = try? old.status(), status.sizeBytes == oldStatus.sizeBytes,
            status.modified == oldStatus.modified, ProcessTable.writers(of: [oldStatus.identity]).isEmpty
        else { return false }
        return (try? newName.remove()) != nil
    }

    /// Renames the file with its sidecars, and gives its name to the image. Returns the new names of the
    /// sidecars.
    ///
    /// Returns nil when a program created an empty file while the name was free. Throws when `confirm`, which
    /// is called in the end, throws. In both cases everything is undone.
    private func exchange(
        _ image: DirectoryEntry,
        _ old: FileIdentity,
        _ newName: DirectoryEntry,
        confirm: () throws -> Void
    ) throws -> [Moved]? {
        let hasBothNames = try addName(newName)
        var sidecars: [Moved] = []
        do {
            try quarantineSidecars(for: newName, &sidecars)
            if !hasBothNames { try place.rename(to: newName) }
            try UnfinishedWork.rename(image, place, isReplacing: hasBothNames)
            try confirm()
            return sidecars
        } catch {
            // If both names belong to one file, rename(2) keeps both.
            if let present = try? place.statusUnlessMissing(), present.identity == old {
                try? newName.remove()
            } else {
                // If that fails, the sidecars stay with their file.
                try newName.rename(to: place)
            }
            undo(sidecars)
            if !hasBothNames, (error as? SystemError)?.code == .fileExists { return nil }
            throw error
        }
    }

    /// Gives the file one more name. Returns false where files have only one: the name is then free for a
    /// moment.
    private func addName(_ newName: DirectoryEntry) throws(SystemError) -> Bool {
        do {
            try newName.addName(to: place)
            return true
        } catch {
            if error.lacksLinks { return false }
            throw error
        }
    }

    /// Adds the new names, the file's last; then removes the old ones, the file's first. So no name ever has
    /// a database without its log. Returns nil where files have only one name.
    private func moveWithSecondNames(to newName: DirectoryEntry) throws -> [Moved]? {
        var moved: [Moved] = []
        do {
            for sidecar in try sidecars(for: newName) {
                try sidecar.to.addName(to: sidecar.from)
                moved.append(sidecar)
            }
            try newName.addName(to: place)
            moved.append((place, newName))
            try place.remove()
        } catch {
            for moved in moved.reversed() { try? moved.to.remove() }
            if (error as? SystemError)?.lacksLinks ?? false { return nil }
            throw error
        }
        // Remaining sidecars do no harm: SQLite removes them when it creates a new database.
        for sidecar in moved.dropLast() { try? sidecar.from.remove() }
        return moved.dropLast()
    }

    /// If the process ends in between, the database lacks its log until that is renamed back.
    private func moveInTurn(to newName: DirectoryEntry) throws -> [Moved] {
        var sidecars: [Moved] = []
        do {
            try quarantineSidecars(for: newName, &sidecars)
            try place.rename(to: newName)
            return sidecars
        } catch {
            undo(sidecars)
            throw error
        }
    }

    private func undo(_ moved: [Moved]) {
        for moved in moved.reversed() { try? moved.to.rename(to: moved.from) }
    }

    private func setFormerAttributes(of file: borrowing OpenFile) throws -> [AttributesShortfall] {
        if let attributes {
            let shortfalls = file.setAttributes(attributes, as: place.path)
            try file.synchronise()
            return shortfalls
        }
        let directory = try place.directory.status().ownership
        // As a program of the directory's owner would make it there.
        let bits = 0o600 | (directory.permissions & 0o066)
        try file.setOwnership(directory.with(permissions: bits))
        try file.synchronise()
        return []
    }

    /// Returns false when the name is taken by now.
    private func takeFreeName(_ image: DirectoryEntry) throws(SystemError) -> Bool {
        do {
            try UnfinishedWork.name(image, place, isReplacing: false)
            return true
        } catch {
            if error.code == .fileExists { return false }
            throw error
        }
    }

    private func giveOwnership(_ ownership: FileOwnership, to image: DirectoryEntry) throws {
        let file = try OpenFile(image, .update)
        try file.setOwnership(ownership)
        try file.synchronise()
    }

    /// While the whole file is locked, no program reads or writes it. Those that only have it open are found
    /// in the process table. Returns whether it is locked.
    private func waitUntilUnused(
        _ file: borrowing OpenFile,
        mayBeForced: Bool,
        _ deadline: MonotonicInstant
    ) throws -> Bool {
        while true {
            let isLocked = try file.takeWriteLock()
            let holders = ProcessTable.writers(of: [try file.status().identity])
            if isLocked, holders.isEmpty { return true }
            let isOver = UnfinishedWork.isToBeAbandoned
            guard MonotonicInstant.now < deadline, !isOver else {
                if isForced, mayBeForced, !isOver { return isLocked }
                if isLocked { file.releaseWriteLock() }
                throw InPlaceError.inUse(place.path, holders, mayBeForced: mayBeForced)
            }
            if isLocked { file.releaseWriteLock() }
            WorkerThread.sleep(.milliseconds(20))
        }
    }

    /// Waits until the programs that opened the old file just before the exchange have closed it.
    private func waitForLatecomers(
        to old: borrowing OpenFile,
        mayBeForced: Bool,
        _ deadline: MonotonicInstant
    ) throws {
        while true {
            let holders = ProcessTable.writers(of: [try old.status().identity])
            if holders.isEmpty { return }
            guard MonotonicInstant.now < deadline, !UnfinishedWork.isToBeAbandoned else {
                if isForced, mayBeForced { return }
                throw InPlaceError.inUse(place.path, holders, mayBeForced: mayBeForced)
            }
            WorkerThread.sleep(.milliseconds(20))
        }
    }

    private func quarantineSidecars(for newName: DirectoryEntry, _ moved: inout [Moved]) throws {
        for sidecar in try sidecars(for: newName) {
            try sidecar.from.rename(to: sidecar.to)
            moved.append(sidecar)
        }
    }

    /// The existing sidecars, and the names under which SQLite finds them for the renamed file.
    private func sidecars(for newName: DirectoryEntry) throws -> [Moved] {
        try Sidecar.allCases.map(\.rawValue)
            .map { (place.appending(suffix: $0), newName.appending(suffix: $0)) }
            .filter { try $0.0.statusUnlessMissing() != nil }
    }

    /// A name for the previous file. Files that a killed process has renamed so must keep their names. Throws
    /// `SystemError` if all names are taken.
    private func freeName() throws -> DirectoryEntry {
        let name = place.appending(suffix: quarantineSuffix)
        if try isFree(name) { return name }
        for number in 2...1000 {
            let numbered = name.appending(suffix: "-\(number)")
            if try isFree(numbered) { return numbered }
        }
        throw SystemError(.rename, name.path, code: .fileExists)
    }

    private func isFree(_ name: DirectoryEntry) throws -> Bool {
        try ([""] + Sidecar.allCases.map(\.rawValue)).allSatisfy {
            try name.appending(suffix: $0).statusUnlessMissing() == nil
        }
    }
}
