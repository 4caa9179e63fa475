import CLinux
import Glibc
package import SystemPackage

/// An attribute that could not be restored to a file or directory, and why.
package struct AttributesShortfall: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case owner
        case mode
        case time
        /// An extended attribute, by its name.
        case extended(String)
        /// The history keeps no extended attributes of this file: it had too many.
        case tooManyExtended
    }

    package let path: FilePath
    package let part: Part
    package let code: Errno
}

extension OpenFile {
    /// Restores the attributes of a file or a directory that was just made and that nobody else can reach or
    /// open. Attributes that this process may not set are returned. The file never gets more permissions than
    /// it had:
    ///
    /// 1. Without its group, the group and all others get only what both had.
    /// 2. Without its owner and group, set-user-ID and set-group-ID are not restored.
    /// 3. Without its access control list, the group gets nothing: its bits were the list's mask (acl(5)).
    /// 4. If it had no list, one that it inherited from its directory is removed.
    ///
    /// - Parameter path: the file's later path, for the returned shortfalls.
    package func setAttributes(_ attributes: FileAttributes, as path: FilePath) -> [AttributesShortfall] {
        var shortfalls: [AttributesShortfall] = []
        func missed(_ part: AttributesShortfall.Part) {
            shortfalls.append(AttributesShortfall(path: path, part: part, code: Errno(rawValue: errno)))
        }
        let wanted = attributes.ownership
        if !setOwner(wanted) { missed(.owner) }
        let present = try? status().ownership
        let hasGroup = present?.groupID == wanted.groupID
        let hasOwner = hasGroup && present?.userID == wanted.userID

        var permissions = wanted.permissions
        if !hasOwner { permissions &= ~0o6000 }
        if !hasGroup {
            let common = permissions >> 3 & permissions & 0o007
            permissions = permissions & ~0o077 | common << 3 | common
        }
        for name in [ExtendedAttribute.accessList, ExtendedAttribute.defaultList]
        where !attributes.extended.contains(where: { $0.isNamed(name) }) {
            _ = unsafe fremovexattr(descriptor, name)
        }
        for attribute in attributes.extended {
            let name = String(decoding: attribute.name, as: UTF8.self)
            let isAccessList = attribute.isNamed(ExtendedAttribute.accessList)
            errno = EPERM
            guard !isAccessList || hasGroup, set(name, attribute.value) else {
                missed(.extended(name))
                if isAccessList { permissions &= ~0o070 }
                continue
            }
        }
        if attributes.lacksExtended {
            let code = Errno(rawValue: E2BIG)
            shortfalls.append(AttributesShortfall(path: path, part: .tooManyExtended, code: code))
            // There may have been a list among them.
            permissions &= ~0o070
        }
        // Last: changing the owner clears bits, and a list sets some.
        if fchmod(descriptor, permissions) != 0 { missed(.mode) }
        if let modified = attributes.modified, !setTime(modified) { missed(.time) }
        return shortfalls
    }

    /// Whether owner and group could be set. If the owner cannot be set, the group is tried alone.
    private func setOwner(_ wanted: FileOwnership) -> Bool {
        guard let present = try? status().ownership else { return false }
        guard present.userID != wanted.userID || present.groupID != wanted.groupID else { return true }
        if fchown(descriptor, wanted.userID, wanted.groupID) == 0 { return true }
        let code = errno
        if present.groupID != wanted.groupID { _ = fchown(descriptor, uid_t.max, wanted.groupID) }
        errno = code
        return false
    }

    private func set(_ name: String, _ value: [UInt8]) -> Bool {
        unsafe value.withUnsafeBytes {
            unsafe fsetxattr(descriptor, name, $0.baseAddress, $0.count, 0) == 0
        }
    }

    /// Sets the time of its last change to now (`futimens(2)`), if this process may.
    package func touch() { _ = futimens(descriptor, nil) }

    private func setTime(_ modified: Int64) -> Bool {
        let seconds = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
        // The remainder of a time before 1970 is negative.
        let isBefore = seconds.remainder < 0
        let time = timespec(
            tv_sec: Int(seconds.quotient) - (isBefore ? 1 : 0),
            tv_nsec: Int(seconds.remainder) + (isBefore ? 1_000_000_000 : 0)
        )
        // UTIME_OMIT: the time of the last access stays as it is.
        let times = [timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2), time]
        return unsafe times.withUnsafeBufferPointer { unsafe futimens(descriptor, $0.baseAddress!) == 0 }
    }
}
