import LinuxSystem
import SystemPackage

extension ObjectDirectory {
    /// Where the file system has neither links nor a rename to a free name (some in FUSE), a crash can leave
    /// an empty object (`NewName`).
    func putNew(_ name: ObjectName, _ content: [UInt8]) throws -> PutOutcome {
        let place = try makePlace(name)
        let draft = try writeDraft { try $0.write(unsafe content.span.bytes, at: 0) }
        do throws(SystemError) {
            try draft.renameToNew(place.entry)
        } catch {
            try? draft.remove()
            guard error.code == .fileExists else { throw error }
            try requireObjectOrNothing(place.entry)
            // Whoever put it may have been killed before it was on the disk. The caller may compare it, and
            // then count on it.
            try place.synchronise()
            return .taken
        }
        try place.synchronise()
        return .stored(at: time())
    }

    func put(_ name: ObjectName, _ content: [UInt8]) throws {
        try put(name) { try $0.write(unsafe content.span.bytes, at: 0) }
    }

    /// Writes an object piece by piece.
    func put(_ name: ObjectName, _ write: (borrowing OpenFile) throws -> Void) throws {
        let place = try makePlace(name)
        let draft = try writeDraft(write)
        do {
            try requireObjectOrNothing(place.entry)
            try draft.rename(to: place.entry)
        } catch {
            try? draft.remove()
            throw error
        }
        try place.synchronise()
    }

    private func requireObjectOrNothing(_ entry: DirectoryEntry) throws {
        guard let kind = try entry.statusUnlessMissing()?.kind, kind != .regular else { return }
        throw RemoteError(.failed, "\(entry.path.printable) is no regular file")
    }

    func get(_ name: ObjectName, _ range: Range<UInt64>?) throws -> [UInt8] {
        // A pipe or a device is not even opened.
        guard let entry = try entry(name), try entry.statusUnlessMissing()?.kind == .regular,
            let file = try openIfPresent(entry)
        else { throw RemoteError(.missing, "\(name) is missing") }
        let sizeBytes = try file.status().sizeBytes
        let range = range ?? 0..<sizeBytes
        guard range.upperBound <= sizeBytes else {
            throw RemoteError(.damaged, "\(name) has only \(sizeBytes) bytes, \(range.upperBound) are needed")
        }
        var bytes = [UInt8](untouched: Int(range.upperBound - range.lowerBound))
        let count = try file.read(into: &bytes, count: bytes.count, at: range.lowerBound)
        guard count == bytes.count else {
            throw RemoteError(.unavailable, "\(name) became shorter while it was read")
        }
        return bytes
    }

    func openIfPresent(_ entry: DirectoryEntry) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try OpenFile(entry, .stored)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    func size(of name: ObjectName) throws -> UInt64? {
        guard let status = try entry(name)?.statusUnlessMissing(), status.kind == .regular else { return nil }
        return status.sizeBytes
    }

    func delete(_ name: ObjectName) throws -> DeleteOutcome {
        guard let entry = try entry(name), try entry.statusUnlessMissing()?.kind == .regular else {
            return .deleted
        }
        do throws(SystemError) {
            try entry.remove()
        } catch {
            if error.isForbidden { return .kept(error.description) }
            guard error.isMissing else { throw error }
        }
        try entry.directory.synchronise()
        return .deleted
    }
}
