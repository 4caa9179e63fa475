import CLinux
import Glibc
package import SystemPackage

/// The events to watch for (`inotify(7)`).
package struct InotifyMask: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ flag: Int) { self.init(rawValue: UInt32(truncatingIfNeeded: flag)) }

    package static let modified = InotifyMask(Int(IN_MODIFY))
    package static let closedAfterWrite = InotifyMask(Int(IN_CLOSE_WRITE))
    package static let created = InotifyMask(Int(IN_CREATE))
    package static let deleted = InotifyMask(Int(IN_DELETE))
    package static let movedFrom = InotifyMask(Int(IN_MOVED_FROM))
    package static let movedTo = InotifyMask(Int(IN_MOVED_TO))
    package static let attributes = InotifyMask(Int(IN_ATTRIB))
    package static let deletedSelf = InotifyMask(Int(IN_DELETE_SELF))
    package static let movedSelf = InotifyMask(Int(IN_MOVE_SELF))
    package static let onlyDirectory = InotifyMask(Int(IN_ONLYDIR))
    /// Adds to the mask of a watch that the instance has of the same inode, instead of replacing it.
    static let inAddition = InotifyMask(Int(IN_MASK_ADD))
    /// A symbolic link itself is watched, not its target.
    package static let linkItself = InotifyMask(Int(IN_DONT_FOLLOW))

    package static let isDirectory = InotifyMask(Int(IN_ISDIR))
    package static let overflow = InotifyMask(Int(IN_Q_OVERFLOW))
    package static let ignored = InotifyMask(Int(IN_IGNORED))
    package static let unmounted = InotifyMask(Int(IN_UNMOUNT))
}

/// One event. The name may be removed, or be another file's, by the time this is read.
package struct InotifyEvent: Sendable {
    package let watch: InotifyWatch
    package let mask: InotifyMask
    /// The name within the watched directory; nil for the watched file itself.
    package let name: FilePath.Component?
}

extension InotifyEvent {
    /// Events of anything were lost.
    package static let overflow = InotifyEvent(
        watch: InotifyWatch(descriptor: -1),
        mask: .overflow,
        name: nil
    )
}

/// A watch of one inotify instance.
package struct InotifyWatch: Hashable, Sendable {
    let descriptor: Int32
}

/// One inotify instance. Reading never blocks; wait for it with `Poller`.
package final class Inotify {
    let descriptor: Int32
    private var buffer: [UInt8]
    /// The last event's: most events are of the file of the one before, and taking names apart is slow.
    private var lastName: (bytes: [UInt8], name: FilePath.Component?) = ([], nil)

    package init() throws(SystemError) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw .last(.startWatching, nil) }
        buffer = [UInt8](repeating: 0, count: 64 << 10)
    }

    deinit {
        close(descriptor)
    }

    /// Watches `path`; a second call for the same inode replaces its mask and returns the same watch.
    package func watch(_ path: FilePath, for mask: InotifyMask) throws(SystemError) -> InotifyWatch {
        try watch(path, namedAs: path, mask)
    }

    /// The same for an open directory, whatever has its path by now.
    package func watch(
        _ directory: OpenDirectory,
        for mask: InotifyMask
    ) throws(SystemError) -> InotifyWatch {
        try watch(directory.heldPath, namedAs: directory.path, mask)
    }

    /// The same for a file at a direct path. Throws ELOOP when a component of it is a symbolic link.
    package func watchDirect(_ path: FilePath, for mask: InotifyMask) throws(SystemError) -> InotifyWatch {
        let file = DirectPath.open(path, linux_open_path | O_NOFOLLOW)
        guard file >= 0 else { throw .last(.watch, path) }
        defer { close(file) }
        return try watch(FilePath("/proc/self/fd/\(file)"), namedAs: path, mask)
    }

    /// `path`: for errors. The kernel's path of an open file leads to it even where its own path no longer
    /// does (proc(5)).
    private func watch(
        _ place: FilePath,
        namedAs path: FilePath,
        _ mask: InotifyMask
    ) throws(SystemError) -> InotifyWatch {
        let result = unsafe place.withPlatformString {
            unsafe inotify_add_watch(descriptor, $0, mask.rawValue)
        }
        guard result >= 0 else { throw .last(.watch, path) }
        return InotifyWatch(descriptor: result)
    }

    package func remove(_ watch: InotifyWatch) {
        inotify_rm_watch(descriptor, watch.descriptor)
    }

    /// Passes on the waiting events, at most one buffer full of them, oldest first. Returns whether more may
    /// wait: if not, the buffer had room for one more event of any size.
    package func read(_ handle: (InotifyEvent) -> Void) throws(SystemError) -> Bool {
        let got = unsafe buffer.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress!, $0.count)
        }
        guard got > 0 else {
            if got == 0 || errno == EAGAIN || errno == EINTR { return false }
            throw .last(.readEvents, nil)
        }
        unsafe buffer.withUnsafeBytes { raw in
            var offset = 0
            while offset + MemoryLayout<inotify_event>.size <= got {
                let header = unsafe raw.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                let nameStart = offset + MemoryLayout<inotify_event>.size
                let bytes = unsafe raw[nameStart..<nameStart + Int(header.len)].prefix { $0 != 0 }
                if unsafe !bytes.elementsEqual(lastName.bytes) {
                    lastName = unsafe (Array(bytes), FilePath(bytes: bytes)?.lastComponent)
                }
                handle(
                    InotifyEvent(
                        watch: InotifyWatch(descriptor: header.wd),
                        mask: InotifyMask(rawValue: header.mask),
                        name: lastName.name
                    )
                )
                offset = nameStart + Int(header.len)
            }
        }
        return buffer.count - got < Self.largestEvent
    }

    /// With the longest name, and the byte that ends it.
    private static let largestEvent = MemoryLayout<inotify_event>.size + Int(NAME_MAX) + 1
}
