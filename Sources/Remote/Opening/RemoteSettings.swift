package import SystemPackage

/// A remote as the configuration or a command's options name it.
package struct RemoteSettings: Hashable, Sendable {
    /// How people call it; nil for one that was given by its URL.
    package var name: String?
    /// `s3://BUCKET/PREFIX` or `file:///PATH`.
    package var url: String
    package var endpoint: String?
    package var region: String?
    package var usesPathStyle: Bool?
    /// The certificates that are trusted instead of the system's.
    package var certificates: FilePath?
    /// Under load a batch follows after this time.
    package var interval = Duration.seconds(10)
    /// Bytes a second; nil for no limit.
    package var uploadLimit: Int?
    /// Who can read what is written; with none of these nothing is encrypted.
    package var recipients: [String] = []
    /// The secret keys, or the passphrase, for reading; a writer with recipients needs none.
    package var keyFile: FilePath?

    /// Readers take the state before a batch that is missing or damaged for the newest.
    package var readsBeforeDamage = false

    /// Whether what is shipped to it is sealed: a key alone is enough.
    package var isEncrypted: Bool { !recipients.isEmpty || keyFile != nil }

    package init(name: String? = nil, url: String) {
        (self.name, self.url) = (name, url)
    }

    /// Throws `RemoteError.wrongKey` with the number of the one that is no recipient.
    package func parsedRecipients() throws(RemoteError) -> [Recipient] {
        var parsed: [Recipient] = []
        for text in recipients {
            do throws(RemoteError) {
                parsed.append(try Recipient(parsing: text))
            } catch {
                throw RemoteError(error.kind, "recipient \(parsed.count + 1): \(error.description)")
            }
        }
        return parsed
    }
}
