import LinuxSystem
import RepositoryReader
import SystemPackage

/// The data objects for the next batch that the remote has already, and the one that it has in part. They
/// are noted beside the cursor, in `remotes/HASH.staged` and `remotes/HASH.upload`: a start that was killed
/// does not cost them again. What is not noted is written once more, under another name.
struct StagedObjects {
    private struct Object: Codable {
        let stamp: FileStamp
        let name: ObjectName
        let digest: ObjectDigest
        /// What it is sealed with; nil if it is stored as it is.
        let key: KeyID?
    }

    /// Of the batch that is to name them. They have it in their names.
    private(set) var number: BatchNumber
    /// By the name of the file.
    private var objects: [String: Object] = [:]
    private(set) var begun: BegunUpload?
    private var objectsNote: ShippingNote<[String: Object]>
    private var uploadNote: ShippingNote<BegunUpload>
    private let remote: RemoteAccess
    private let root: RootDescription
    /// So much may be lost, or a sixteenth of all: then they are noted.
    private let saveBytes: UInt64
    /// The bytes of all, and of those that are not noted.
    private var (staged, unsaved): (UInt64, UInt64) = (0, 0)

    /// Those that an earlier start has staged for the batch with that number. What it has begun for another
    /// one, or for other readers, is ended.
    init(
        _ root: RootDescription,
        _ remote: RemoteAccess,
        for number: BatchNumber,
        savingEach saveBytes: UInt64
    ) async throws {
        (self.root, self.remote, self.number, self.saveBytes) = (root, remote, number, saveBytes)
        let path = ShippingCursor.path(root.directory, remote.address)
        objectsNote = ShippingNote(path.appending(suffix: ".staged"))
        uploadNote = ShippingNote(path.appending(suffix: ".upload"))
        if let (subject, found) = objectsNote.read() {
            if subject == self.subject, subject.readers != nil {
                objects = found
                try await keepOnlyListed()
            } else {
                objectsNote.remove()
            }
        }
        if let (subject, found) = uploadNote.read() {
            if subject == self.subject, subject.readers != nil {
                begun = found
            } else {
                if subject.remote == remote.address {
                    try? await remote.store.abandonUpload(found.upload, found.name)
                }
                uploadNote.remove()
            }
        }
    }

    private var subject: NoteSubject {
        NoteSubject(remote: remote.address, readers: remote.readers, number: number.value)
    }

    /// Leaves out what the remote does not have: somebody may have removed it.
    private mutating func keepOnlyListed() async throws {
        guard !objects.isEmpty else { return }
        var sizes: [ObjectName: UInt64] = [:]
        try await remote.store.forEachPage(ObjectNames.data(root.id) + number.text + ".") { page in
            for object in page.objects { sizes[object.name] = object.sizeBytes }
            return true
        }
        objects = objects.filter { _, object in
            sizes[object.name].map { $0 == remote.codec.storedByteCount(object.stamp.sizeBytes) } ?? false
        }
        for object in objects.values { staged.addSaturated(object.stamp.sizeBytes) }
    }

    /// The object of the file with that name, and which file that was.
    subscript(file: String) -> (stamp: FileStamp, object: DataObject)? {
        objects[file].map { found in
            let size = found.stamp.sizeBytes
            return (found.stamp, DataObject(name: found.name, sizeBytes: size, digest: found.digest))
        }
    }

    /// Whether an upload of that file was begun.
    func hasBegun(_ file: String, _ stamp: FileStamp) -> Bool { begun?.file == file && begun?.stamp == stamp }

    /// What they are sealed with.
    var keys: Set<KeyID> { Set(objects.values.compactMap(\.key)) }

    mutating func add(_ object: DataObject, _ file: String, _ stamp: FileStamp) throws {
        // An upload that was resumed has the key of the start that began it.
        let key = (begun?.name == object.name ? begun?.keyID : nil) ?? remote.codec.writingKeyID
        objects[file] = Object(stamp: stamp, name: object.name, digest: object.digest, key: key)
        staged.addSaturated(object.sizeBytes)
        unsaved.addSaturated(object.sizeBytes)
        guard unsaved >= max(saveBytes, staged / 16) else { return }
        try objectsNote.save(objects, of: subject)
        unsaved = 0
    }

    /// Saves an upload, or its next part, before the remote gets it.
    mutating func save(_ upload: BegunUpload) throws {
        var upload = upload
        if remote.readers == nil { upload.forgetKey() }
        begun = upload
        try uploadNote.save(upload, of: subject)
    }

    /// The upload that was begun is complete, or nobody goes on with it.
    mutating func endUpload() {
        begun = nil
        uploadNote.remove()
    }

    /// Ends the upload at the remote as well. If that cannot be, prune does it later.
    mutating func abandonUpload() async {
        guard let begun else { return }
        try? await remote.store.abandonUpload(begun.upload, begun.name)
        endUpload()
    }

    /// Begins anew, for another batch.
    mutating func restart(for number: BatchNumber) async {
        guard number != self.number else { return }
        await abandonUpload()
        objectsNote.remove()
        (objects, staged, unsaved, self.number) = ([:], 0, 0, number)
    }

    /// Whether the notes are as this start left them.
    var isCurrent: Bool { objectsNote.isCurrent && uploadNote.isCurrent }
}
