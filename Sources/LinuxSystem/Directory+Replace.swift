package import SystemPackage

extension Directory {
    /// Replaces the file at that path, or creates it. Whoever reads it sees all of the former content or all
    /// of the new one. Content and name are on the disk when it returns.
    ///
    /// - Parameter ownership: of a former file or for the new one; nil for a file that only this user may
    ///   use.
    package static func replaceFile(
        at path: FilePath,
        with bytes: [UInt8],
        ownership: FileOwnership? = nil
    ) throws(SystemError) {
        try write(bytes, ownership, beside: path) { draft throws(SystemError) in
            try rename(draft, to: path)
        }
        try synchronise(path.removingLastComponent())
    }

    /// Creates the file at that path, which must not exist yet. Content and name are on the disk when it
    /// returns.
    package static func createFile(at path: FilePath, with bytes: [UInt8]) throws(SystemError) {
        try write(bytes, nil, beside: path) { draft throws(SystemError) in
            try renameToNew(draft, to: path)
        }
        do {
            try synchronise(path.removingLastComponent())
        } catch {
            // The next attempt gives the name again.
            try? remove(path)
            throw error
        }
    }

    /// Writes a draft, and removes it if `giveName` fails.
    private static func write(
        _ bytes: [UInt8],
        _ ownership: FileOwnership?,
        beside path: FilePath,
        giveName: (_ draft: FilePath) throws(SystemError) -> Void
    ) throws(SystemError) {
        let draft = path.appending(suffix: ".\(UInt64.random(in: 0 ... .max).padded(to: 16, radix: 16)).new")
        do {
            let file = try OpenFile(draft, .createNew)
            try file.write(unsafe bytes.span.bytes, at: 0)
            if let ownership { try file.setOwnership(ownership) }
            try file.synchronise()
            try giveName(draft)
        } catch {
            try? remove(draft)
            throw error
        }
    }
}
