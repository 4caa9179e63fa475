import Glibc

/// The owner and the permissions of a file.
package struct FileOwnership: Hashable, Sendable {
    package let userID: UInt32
    package let groupID: UInt32
    /// Permission bits (`07777`).
    package let permissions: UInt32

    package init(userID: UInt32, groupID: UInt32, permissions: UInt32) {
        self.userID = userID
        self.groupID = groupID
        self.permissions = permissions
    }

    /// The same with other permission bits.
    package func with(permissions: UInt32) -> Self {
        Self(userID: userID, groupID: groupID, permissions: permissions)
    }
}

extension FileStatus {
    package var ownership: FileOwnership {
        FileOwnership(userID: ownerID, groupID: groupID, permissions: permissions)
    }
}

extension OpenFile {
    /// Changes owner and mode (`fchown(2)`, `fchmod(2)`). Only root can give files away: others get EPERM.
    package func setOwnership(_ ownership: FileOwnership) throws(SystemError) {
        let present = try status().ownership
        if present.userID != ownership.userID || present.groupID != ownership.groupID {
            guard fchown(descriptor, ownership.userID, ownership.groupID) == 0 else {
                throw .last(.giveAway, path)
            }
        }
        // After the owner: changing the owner may clear bits.
        guard fchmod(descriptor, ownership.permissions) != 0 else { return }
        let error = SystemError.last(.setMode, path)
        // The owner may always do it, unless the file system keeps no modes: then the mount decides the
        // permissions.
        guard error.lacksModes, present.userID == CurrentProcess.userID else { throw error }
    }
}
