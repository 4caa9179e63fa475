import Glibc
package import SystemPackage

/// A system call that failed: which, on what, and why (`errno(3)`).
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let operation: Operation
    /// The file it was attempted on, where there is one.
    package let path: FilePath?
    /// The value of `errno`.
    package let code: Errno

    package init(_ operation: Operation, _ path: FilePath?, code: Errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// The error of the call that has just returned -1 on this thread.
    package static func last(_ operation: Operation, _ path: FilePath?) -> SystemError {
        SystemError(operation, path, code: Errno(rawValue: errno))
    }

    /// The result of `body`; nil when the file is missing.
    static func unlessMissing<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(SystemError) -> Value? {
        do throws(SystemError) {
            return try body()
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// "cannot open /a/b: No such file or directory".
    package var description: String {
        guard let path else { return "cannot \(operation.rawValue): \(code)" }
        return "cannot \(operation.rawValue) \(path.printable): \(code)"
    }

    /// The file cannot be reached. There are three cases:
    /// 1. The file or one of its directories does not exist (ENOENT, ENOTDIR).
    /// 2. One of them is a symbolic link that is not followed (ELOOP).
    /// 3. A name is too long to exist.
    package var isMissing: Bool {
        isAbsent || isLink || isImpossibleName
    }
    /// There is no such name, or no such directory (ENOENT, ENOTDIR).
    package var isAbsent: Bool { code == .noSuchFileOrDirectory || code == .notDirectory }
    /// What has the name is a symbolic link, a directory, a pipe, a socket or a device
    /// (`OpenFile.Mode.stored`).
    package var isNoRegularFile: Bool { isLink || code == .isDirectory || code == .illegalSeek }
    /// A component of the path is a symbolic link that is not followed, or there are too many links (ELOOP).
    package var isLink: Bool { code == .tooManySymbolicLinkLevels }
    /// A name, not the path as a whole, is longer than the file system allows (ENAMETOOLONG).
    private var isImpossibleName: Bool {
        code == .fileNameTooLong && (path?.length ?? .max) < Int(PATH_MAX) - 1
    }
    /// This user may not do it (EACCES, EPERM).
    package var isForbidden: Bool { code == .permissionDenied || code == .notPermitted }
    /// Nothing can be written there: this user may not, or nobody may (EACCES, EPERM, EROFS).
    package var isUnwritable: Bool { isForbidden || code == .readOnlyFileSystem }
    /// The file system gives files no second name, or not this one (`link(2)`: EPERM, EOPNOTSUPP, ENOSYS,
    /// EMLINK).
    package var lacksLinks: Bool { Self.saysNoLinks(code.rawValue) }

    static func saysNoLinks(_ code: Int32) -> Bool { [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(code) }

    /// The file system keeps no modes, or not this one (`chmod(2)` by the owner: EPERM, EOPNOTSUPP, ENOSYS).
    var lacksModes: Bool { [EPERM, EOPNOTSUPP, ENOSYS].contains(code.rawValue) }

    /// This process or the machine currently has no free descriptor or memory (EMFILE, ENFILE, ENOBUFS,
    /// ENOMEM).
    package var isShortage: Bool {
        [.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, Errno(rawValue: ENOBUFS)].contains(code)
    }
    /// There is no room for it (ENOSPC, EDQUOT).
    package var isFull: Bool { code == .noSpace || code == Errno(rawValue: EDQUOT) }
}

extension FilePath {
    /// The path for people and logs: valid UTF-8, control characters escaped, on one line.
    package var printable: String { string.printable }
}

extension String {
    /// For people and logs, on one line: characters that move the cursor, hide text or turn its direction are
    /// escaped.
    package var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            text += scalar.isShown ? String(scalar) : scalar.escaped(asASCII: true)
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Whether a terminal shows it where it is: it does not move the cursor, hide text or turn its direction.
    var isShown: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
