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
        let draft = path.appending(suffix: ".\(UInt64.random(in: 0 ... .max).padded(to: 16, radix: 16)).new")
        do {
            let file = try OpenFile(draft, .createNew)
            try file.write(unsafe bytes.span.bytes, at: 0)
            if let ownership { try file.setOwnership(ownership) }
            try file.synchronise()
            try rename(draft, to: path)
        } catch {
            try? remove(draft)
            throw error
        }
        try synchronise(path.removingLastComponent())
    }
}
