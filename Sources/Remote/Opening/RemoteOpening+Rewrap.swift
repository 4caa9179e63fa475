package import SystemPackage

extension RemoteOpening {
    /// Lets those for whom these settings seal read all that is there (`KeyObjects.rewrap`).
    ///
    /// - Parameters:
    ///   - keyFile: opens what is there.
    ///   - passphrase: asked once, and only if a key of the file is protected.
    package func rewrap(
        with keyFile: FilePath,
        passphrase: () throws(RemoteError) -> Passphrase
    ) async throws(RemoteError) -> KeyObjects.Rewrapped {
        try await explained { () throws(RemoteError) in
            guard let targets = try RemoteKeys.targets(settings, cost: cost) else {
                throw RemoteError(.wrongKey, "no recipient is configured: name one with --recipient")
            }
            let keys = try RemoteKeys.opening(keyFile, passphrase: passphrase)
            let remote = try await remoteFile()
            guard remote.isEncrypted else {
                throw RemoteError(.wrongKey, "it is not encrypted: everybody who has the store can read it")
            }
            return try await KeyObjects(listing: store).rewrap(
                in: store,
                of: remote.repository,
                with: keys,
                for: targets,
                hasConditions: remote.hasConditions
            )
        }
    }
}
