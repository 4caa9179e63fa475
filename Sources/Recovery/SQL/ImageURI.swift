import CSQLite
import GRDB
import RepositoryFormat
import RepositoryReader
import Synchronization
package import SystemPackage

/// Where SQLite finds an image (sqlite.org/uri.html).
package struct ImageURI: Hashable, Sendable {
    package let text: String
    /// Whether SQLite reads a file, which has that path.
    let isFile: Bool

    /// A file that no process changes. Nothing is written or created beside it, not even in WAL mode: with
    /// `immutable=1` SQLite needs no log and no index.
    package init(_ path: FilePath) { (text, isFile) = (path.sqliteURI + "?immutable=1", true) }

    /// A file that may be written, and is made if there is none.
    init(writable path: FilePath) { (text, isFile) = (path.sqliteURI + "?mode=rwc", true) }

    fileprivate init(past name: FilePath) {
        (text, isFile) = (name.sqliteURI + "?immutable=1&vfs=past-images", false)
    }
}

/// Images of earlier moments that SQLite reads page by page, through a VFS (sqlite.org/vfs.html).
final class PastImages {
    private static let known = Mutex<[String: PastImage]>([:])

    private static let registration = unsafe sqlite_register_past_images(
        sqlite_past_images(
            open: { name, byteCount in
                guard let name = unsafe name, let image = unsafe PastImages.image(String(cString: name))
                else {
                    return nil
                }
                unsafe byteCount?.pointee = Int64(image.snapshot.shape.byteCount)
                return unsafe Unmanaged.passRetained(image).toOpaque()
            },
            read: { image, buffer, count, offset in
                guard let image = unsafe image, let buffer = unsafe buffer else { return SQLITE_MISUSE }
                let past = unsafe Unmanaged<PastImage>.fromOpaque(image).takeUnretainedValue()
                return unsafe PastImages.read(past, buffer, Int(count), UInt64(offset))
            },
            close: { image in
                if let image = unsafe image { unsafe Unmanaged<PastImage>.fromOpaque(image).release() }
            }
        )
    )

    private var images: [FilePath: PastImage] = [:]

    deinit {
        for name in images.keys { Self.known.withLock { $0[name.string] = nil } }
    }

    /// Why SQLite could not read one of them.
    var failure: (any Error)? { images.values.lazy.compactMap(\.failure).first }

    /// SQLite finds the image there from now on, in the place of an earlier one. The name is not that of a
    /// file.
    func add(_ image: PastImage, as name: FilePath) throws(DatabaseError) -> ImageURI {
        guard Self.registration == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: Self.registration))
        }
        Self.known.withLock { $0[name.string] = image }
        images[name] = image
        return ImageURI(past: name)
    }

    private static func image(_ name: String) -> PastImage? { known.withLock { $0[name] } }

    private static func read(
        _ image: PastImage,
        _ buffer: UnsafeMutableRawPointer,
        _ count: Int,
        _ offset: UInt64
    ) -> Int32 {
        var got = 0
        do {
            try image.read(count: count, at: offset) { bytes in
                got = bytes.byteCount
                unsafe bytes.withUnsafeBytes {
                    if let source = $0.baseAddress {
                        unsafe buffer.copyMemory(from: source, byteCount: $0.count)
                    }
                }
            }
        } catch {
            return error is DamageError ? SQLITE_CORRUPT : SQLITE_IOERR
        }
        return got == count ? SQLITE_OK : SQLITE_IOERR
    }
}
