import Glibc

/// Whose a file is, and who may do what with it.
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
    /// Gives the file to somebody (`fchown(2)`, `fchmod(2)`). Only root can give files away: for others
    /// EPERM.
    package func setOwnership(_ ownership: FileOwnership) throws(SystemError) {
        let present = try status().ownership
        if present.userID != ownership.userID || present.groupID != ownership.groupID {
            guard fchown(descriptor, ownership.userID, ownership.groupID) == 0 else {
                throw .last(.giveAway, path)
            }
        }
        // Behind it: giving a file away may take bits.
        guard fchmod(descriptor, ownership.permissions) != 0 else { return }
        let error = SystemError.last(.setMode, path)
        // The owner may always do it, unless there are no modes: then the mount says who may do what.
        guard error.lacksModes, present.userID == CurrentProcess.userID else { throw error }
    }
}
