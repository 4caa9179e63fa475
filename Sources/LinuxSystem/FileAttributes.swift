import CLinux
import Glibc
package import SystemPackage

/// The attributes of a file or a directory besides its content: owner, mode, time of the last change,
/// extended attributes.
package struct FileAttributes: Hashable, Sendable {
    package private(set) var ownership: FileOwnership
    /// Last change of the content, in nanoseconds since 1970; nil when it is not kept.
    package var modified: Int64?
    /// Ascending by name.
    package let extended: [ExtendedAttribute]
    /// There were more than `ExtendedAttribute.mostBytes` of them, so none are kept.
    package let lacksExtended: Bool

    package init(
        ownership: FileOwnership,
        modified: Int64? = nil,
        extended: [ExtendedAttribute] = [],
        lacksExtended: Bool = false
    ) {
        self.ownership = ownership
        self.modified = modified
        self.extended = extended
        self.lacksExtended = lacksExtended
    }

    /// The same with other permission bits.
    package func withPermissions(_ permissions: UInt32) -> Self {
        var other = self
        other.ownership = ownership.with(permissions: permissions)
        return other
    }
}

extension FileAttributes {
    /// The status and the attributes of the file at a direct path (`DirectPath`). Opens nothing for reading,
    /// so no time changes. Throws as `FileStatus.direct`.
    package static func direct(
        _ path: FilePath,
        keepingTime: Bool
    ) throws(SystemError) -> (status: FileStatus, attributes: FileAttributes) {
        let descriptor = DirectPath.open(path, linux_open_path | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .last(.inspect, path) }
        defer { close(descriptor) }
        return try read(descriptor, path, keepingTime: keepingTime)
    }

    fileprivate static func read(
        _ descriptor: Int32,
        _ path: FilePath,
        keepingTime: Bool
    ) throws(SystemError) -> (status: FileStatus, attributes: FileAttributes) {
        let status = try FileStatus(ofOpen: descriptor, path)
        let isKept = status.kind == .regular || status.kind == .directory
        let extended = isKept ? ExtendedAttribute.all(ofHeld: descriptor) : []
        return (
            status,
            FileAttributes(
                ownership: status.ownership,
                modified: keepingTime ? status.modified : nil,
                extended: extended ?? [],
                lacksExtended: extended == nil
            )
        )
    }
}

extension OpenDirectory {
    /// The directory's own attributes, without its time, which changes with each name in it.
    package func attributes() throws(SystemError) -> FileAttributes {
        try FileAttributes.read(descriptor, path, keepingTime: false).attributes
    }
}

/// An extended attribute (xattr(7)) that is kept: a user's, or an access control list (acl(5)).
package struct ExtendedAttribute: Hashable, Sendable {
    package let name: [UInt8]
    package let value: [UInt8]

    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// The most bytes of names and values together that are kept of a file. Of a file with more, none are
    /// kept.
    package static let mostBytes = 64 << 10

    package static let accessList = "system.posix_acl_access"
    package static let defaultList = "system.posix_acl_default"

    /// Whether the attribute is kept. Others belong to the kernel or to another program, as
    /// `security.selinux`.
    package static func isKept(_ name: [UInt8]) -> Bool {
        name.starts(with: "user.".utf8) || name.elementsEqual(accessList.utf8)
            || name.elementsEqual(defaultList.utf8)
    }

    package func isNamed(_ name: String) -> Bool { self.name.elementsEqual(name.utf8) }

    /// Those of a file that is open with O_PATH, read through its path in proc_pid_fd(5). This needs no
    /// permission to read the file itself. Empty where they cannot be read; nil when there is more than
    /// `mostBytes`.
    fileprivate static func all(ofHeld descriptor: Int32) -> [ExtendedAttribute]? {
        let path = "/proc/self/fd/\(descriptor)"
        guard unsafe listxattr(path, nil, 0) > 0 else { return [] }
        var names = [UInt8](repeating: 0, count: mostBytes)
        let count = unsafe names.withUnsafeMutableBytes { unsafe listxattr(path, $0.baseAddress, $0.count) }
        guard count >= 0 else { return errno == ERANGE || errno == E2BIG ? nil : [] }
        var (found, total) = ([ExtendedAttribute](), 0)
        for name in names[..<count].split(separator: 0).map(Array.init) where isKept(name) {
            guard name.count <= 255 else { continue }
            let size = unsafe getxattr(path, String(decoding: name, as: UTF8.self), nil, 0)
            guard size >= 0 else { continue }
            total += name.count + size
            guard total <= mostBytes else { return nil }
            guard let value = value(of: name, path, count: size) else { continue }
            found.append(ExtendedAttribute(name: name, value: value))
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Nil when it was removed or replaced meanwhile.
    private static func value(of name: [UInt8], _ path: String, count: Int) -> [UInt8]? {
        guard count > 0 else { return [] }
        var value = [UInt8](repeating: 0, count: count)
        let got = unsafe value.withUnsafeMutableBytes { bytes in
            unsafe getxattr(path, String(decoding: name, as: UTF8.self), bytes.baseAddress, bytes.count)
        }
        return got == count ? value : nil
    }
}
