import LinuxSystem
import SystemPackage

/// What the settings of a remote say about keys. When a key is named, nothing is shipped without encryption.
enum RemoteKeys {
    /// What a file with a key holds. One with a line that is a key, or a comment, is a key file. Any other
    /// one has a passphrase in its first line.
    private enum File {
        case keys
        case passphrase(Passphrase)

        init(_ path: FilePath) throws(RemoteError) {
            let lines = try PrivateFile.lines(of: path)
            let isKeyFile = lines.contains { $0.hasPrefix("#") || KeyText.kind(of: $0) != nil }
            self = isKeyFile ? .keys : .passphrase(try KeyFile.passphrase(in: path))
        }
    }

    /// Who shall be able to read what is shipped; nil for everybody who has the store.
    static func targets(
        _ settings: RemoteSettings,
        cost: ScryptCost
    ) throws(RemoteError) -> SealTargets? {
        let recipients = try settings.parsedRecipients()
        guard let path = settings.keyFile else {
            return recipients.isEmpty ? nil : try SealTargets(recipients, cost: cost)
        }
        switch try File(path) {
        case .passphrase(let passphrase):
            return try SealTargets(recipients, passphrase: passphrase, cost: cost)
        case .keys where recipients.isEmpty:
            let secrets = try KeyFile.read(path) { () throws(RemoteError) in
                throw RemoteError(
                    .wrongKey,
                    "the key has a passphrase, which nobody types here: configure its recipient, holdfast1…"
                )
            }
            return try SealTargets(secrets.map(\.recipient), cost: cost)
        case .keys: return try SealTargets(recipients, cost: cost)
        }
    }

    /// What opens the objects of a remote.
    ///
    /// - Parameter passphrase: asked once, and only if a key of the file is protected.
    static func opening(
        _ path: FilePath,
        passphrase: () throws(RemoteError) -> Passphrase
    ) throws(RemoteError) -> OpeningKeys {
        switch try File(path) {
        case .passphrase(let found): OpeningKeys([], passphrase: found)
        case .keys: OpeningKeys(try KeyFile.read(path, passphrase: passphrase))
        }
    }
}
