import LinuxSystem
package import RepositoryFormat
import RepositoryReader
import SystemPackage

/// A mirror is a cache: anything else under its name is removed, and the mirror is rebuilt.
extension RootWriter {
    /// Whether the file's mirror cannot be used before `abandonBase` has rebuilt it.
    package func hasLostMirror(_ file: FileID) -> Bool { images[file]?.hasLostMirror ?? false }

    /// The open mirror. After an error that is not temporary, the image has lost its mirror.
    func mirror(_ image: FileImage) throws(SystemError) -> SharedFile {
        if let file = mirrors.ifOpen(image.id) { return file }
        guard !image.hasLostMirror else {
            throw SystemError(.open, image.mirrorPath, code: .noSuchFileOrDirectory)
        }
        do throws(SystemError) {
            let mirror = try mirrors.file(image.id, at: image.mirrorPath)
            let status = try mirror.file.status()
            guard isMirror(status, of: image) else {
                mirrors.close(image.id)
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
    func clearMirrorName(_ image: FileImage) throws(SystemError) {
        let path = image.mirrorPath
        mirrors.close(image.id)
        guard let status = try FileStatus.unlessMissing(path, followingLinks: false) else { return }
        switch status.kind {
        case .directory:
            do {
                try Directory.removeEmpty(path)
            } catch {
                try setAside(path)
            }
        case .regular where (try? OpenFile(path, .update)) != nil: break
        case .regular, .symbolicLink, .pipe, .socket, .device: try Directory.remove(path)
        }
    }

    private func setAside(_ path: FilePath) throws(SystemError) {
        var number = 1
        while try FileStatus.unlessMissing(path.appending(suffix: ".aside-\(number)"), followingLinks: false)
            != nil
        {
            number += 1
        }
        try Directory.rename(path, to: path.appending(suffix: ".aside-\(number)"))
    }
}
