import LinuxSystem
import SystemPackage

extension ObjectDirectory {
    func beginUpload(_ name: ObjectName) throws -> UploadID {
        let draft = try newDraft()
        let entry = DirectoryEntry(draft.name, in: try uploadsDirectory())
        do {
            try draft.makeDirectory()
            try UploadDirectory(OpenDirectory(draft)).setName(name)
            try draft.rename(to: entry)
        } catch {
            try? draft.removeTree()
            throw error
        }
        try entry.directory.synchronise()
        return UploadID(entry.name.string)
    }

    func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) throws -> UploadedPart {
        guard let part = UploadDirectory.partName(number) else {
            throw RemoteError(.failed, "parts are numbered from 1 to \(UploadDirectory.mostParts)")
        }
        let directory = try uploadDirectory(upload, name).directory
        let digest = PartDigest(of: content)
        let draft = try writeDraft {
            try $0.write(unsafe content.span.bytes, at: 0)
            try $0.write(unsafe digest.bytes.span.bytes, at: UInt64(content.count))
        }
        do throws(SystemError) {
            try draft.rename(to: DirectoryEntry(part, in: directory))
        } catch {
            try? draft.remove()
            // The upload has ended meanwhile.
            if error.isMissing { throw Self.noUpload(upload) }
            throw error
        }
        try directory.synchronise()
        return UploadedPart(number: number, sizeBytes: UInt64(content.count), tag: digest.text)
    }

    func parts(of upload: UploadID, _ name: ObjectName) throws -> [UploadedPart] {
        try uploadDirectory(upload, name).parts()
    }

    func completeUpload(_ upload: UploadID, _ name: ObjectName, _ parts: [UploadedPart]) throws {
        let directory = try uploadDirectory(upload, name)
        let isOrdered = zip(parts, parts.dropFirst()).allSatisfy { $0.number < $1.number }
        guard isOrdered, !parts.isEmpty, Set(try directory.parts()).isSuperset(of: parts) else {
            throw RemoteError(.failed, "upload \(upload.text) of \(name) does not have these parts")
        }
        try put(name) { file in
            var end: UInt64 = 0
            for part in parts { try directory.copy(part, to: file, at: &end) }
        }
        try remove(upload)
    }

    func abandonUpload(_ upload: UploadID, _ name: ObjectName) throws {
        do {
            _ = try uploadDirectory(upload, name)
        } catch let error as RemoteError where error.kind == .missing {
            return
        }
        try remove(upload)
    }

    /// It ends at once: its directory goes to the drafts. If the rest fails, that is removed as they are.
    private func remove(_ upload: UploadID) throws {
        let entry = try uploadEntry(upload)
        let draft = try newDraft()
        do throws(SystemError) {
            try entry.rename(to: draft)
        } catch {
            guard error.isMissing else { throw error }
            return
        }
        try entry.directory.synchronise()
        try? draft.removeTree()
    }

    func uploads(_ prefix: String) throws -> [(name: ObjectName, upload: UploadID)] {
        let directory = try uploadsDirectory()
        var uploads: [(name: ObjectName, upload: UploadID)] = []
        for id in try directory.names() {
            let upload = UploadID(id.string)
            guard let name = try openUpload(upload)?.name(), name.text.hasPrefix(prefix) else { continue }
            uploads.append((name: name, upload: upload))
        }
        return uploads.sorted { ($0.name, $0.upload.text) < ($1.name, $1.upload.text) }
    }

    /// Throws `RemoteError.missing` if there is no such upload of an object with that name.
    private func uploadDirectory(_ upload: UploadID, _ name: ObjectName) throws -> UploadDirectory {
        guard let directory = try openUpload(upload), try directory.name() == name else {
            throw Self.noUpload(upload)
        }
        return directory
    }

    private func openUpload(_ upload: UploadID) throws -> UploadDirectory? {
        let entry = try uploadEntry(upload)
        do throws(SystemError) {
            return UploadDirectory(try OpenDirectory(entry))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// The identifier may come from anywhere: it must not lead out of the uploads.
    private func uploadEntry(_ upload: UploadID) throws -> DirectoryEntry {
        guard upload.text.utf8.count == 16, upload.text.utf8.allSatisfy({ $0 != UInt8(ascii: "/") }),
            let component = FilePath.Component(upload.text), component.kind == .regular
        else { throw Self.noUpload(upload) }
        return DirectoryEntry(component, in: try uploadsDirectory())
    }

    private static func noUpload(_ upload: UploadID) -> RemoteError {
        RemoteError(.missing, "there is no upload \(upload.text.printable)")
    }
}
