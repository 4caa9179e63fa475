import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The mirrors of a root's files. A mirror is a cache: anything else under its name is removed, and the
/// mirror is rebuilt.
struct MirrorFiles {
    let root: RootDescription
    /// The hashes of the mirrors' pages.
    let hashes: PageHashes
    private let pool = FilePool(mode: .updateOrCreate)

    init(_ root: RootDescription) {
        self.root = root
        hashes = PageHashes(in: root.mirrorDirectory)
    }

    /// Closes the mirror; the next access opens the file that then has its name.
    func close(_ file: FileID) { pool.close(file) }

    /// Closes the mirror and forgets its hashes.
    func forget(_ file: FileID) {
        pool.close(file)
        hashes.forget(file)
    }

    /// The open mirror. After an error that is not temporary, the image has lost its mirror.
    func open(_ image: FileImage) throws(SystemError) -> SharedFile {
        if let file = pool.ifOpen(image.id) { return file }
        guard !image.hasLostMirror else {
            throw SystemError(.open, image.mirrorPath, code: .noSuchFileOrDirectory)
        }
        do throws(SystemError) {
            let mirror = try pool.file(image.id, at: image.mirrorPath)
            let status = try mirror.file.status()
            guard isMirror(status, of: image) else {
                pool.close(image.id)
                // A missing mirror was made just now, and is empty.
                let wasMissing = status.kind != .regular || status.sizeBytes == 0
                let code: Errno = wasMissing ? .noSuchFileOrDirectory : .badMessage
                throw SystemError(.open, image.mirrorPath, code: code)
            }
            return mirror
        } catch {
            image.hasLostMirror = Self.lossCodes.contains(error.code)
            throw error
        }
    }

    private static let lossCodes: [Errno] = [
        .noSuchFileOrDirectory, .isDirectory, .tooManySymbolicLinkLevels, .permissionDenied, .notPermitted,
        .noSuchAddressOrDevice, .badMessage,
    ]

    private func isMirror(_ status: FileStatus, of image: FileImage) -> Bool {
        guard status.kind == .regular else { return false }
        return image.base != nil || image.mirrorBytes == .max || status.sizeBytes >= image.mirrorBytes
    }

    /// Removes what cannot be a mirror, and quarantines a directory that is not empty.
    func clearName(_ image: FileImage) throws(SystemError) {
        let path = image.mirrorPath
        pool.close(image.id)
        guard let status = try FileStatus.unlessMissing(path, followingLinks: false) else { return }
        switch status.kind {
        case .directory:
            do {
                try Directory.removeEmpty(path)
            } catch {
                try quarantine(path)
            }
        case .regular where (try? OpenFile(path, .update)) != nil: break
        case .regular, .symbolicLink, .pipe, .socket, .device: try Directory.remove(path)
        }
    }

    private func quarantine(_ path: FilePath) throws(SystemError) {
        var number = 1
        while try FileStatus.unlessMissing(path.appending(suffix: ".aside-\(number)"), followingLinks: false)
            != nil
        {
            number += 1
        }
        try Directory.rename(path, to: path.appending(suffix: ".aside-\(number)"))
    }

    /// Whether the file under the mirror's name has that snapshot. If so, its hashes are known from now on.
    func holds(_ state: SnapshotState, _ image: FileImage) -> Bool {
        guard let status = try? FileStatus.of(image.mirrorPath, followingLinks: false),
            status.kind == .regular,
            status.sizeBytes == state.shape.byteCount, let file = try? OpenFile(image.mirrorPath, .update)
        else { return false }
        return (try? hashes.learn(image.id, from: file, state.shape)) == state.digest
    }

    /// Makes the directory of the mirrors, unless it is there.
    func makeDirectory() throws(SystemError) {
        guard try FileStatus.unlessMissing(root.mirrorDirectory, followingLinks: false) == nil else { return }
        try Directory.make(root.mirrorDirectory)
    }

    /// Gives a rebuilt mirror its name.
    func giveName(_ draft: FilePath, _ image: FileImage) throws {
        image.hasLostMirror = true
        try clearName(image)
        try Directory.rename(draft, to: image.mirrorPath)
        image.hasLostMirror = false
    }

    /// Makes the mirror an empty file, and the image unknown.
    func empty(_ image: FileImage) throws {
        try clearName(image)
        image.hasLostMirror = false
        image.becomeMirrored(nil, digest: 0)
        hashes.forget(image.id)
        try open(image).file.truncate(to: 0)
    }
}
