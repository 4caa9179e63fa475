internal import Crypto
internal import FoundationEssentials

/// The texts of keys, each on one line: a prefix, then base32 of the content and of a check (docs/OFFSITE.md,
/// "Keys"). The check is the start of a SHA-256, so a typing error is found.
enum KeyText: String, CaseIterable {
    case recipient = "holdfast1"
    case secret = "HOLDFAST-SECRET-1"
    case protectedSecret = "HOLDFAST-PROTECTED-1"

    static let checkByteCount = 8

    private var contentByteCount: Int {
        switch self {
        case .recipient, .secret: 32
        case .protectedSecret: PassphraseSlot.byteCount
        }
    }

    /// The kind of key that a text wants to be, by its prefix.
    static func kind(of text: some StringProtocol) -> KeyText? {
        allCases.first { text.lowercased().hasPrefix($0.rawValue.lowercased()) }
    }

    func text(_ content: [UInt8]) -> String {
        let digits = Base32.text(content + check(of: content))
        return rawValue + (self == .recipient ? digits : digits.uppercased())
    }

    /// The content of a text without spaces around it. The error does not repeat the text: it may be a
    /// secret that somebody pasted into the wrong place.
    func content(of text: some StringProtocol) throws(RemoteError) -> [UInt8] {
        guard let kind = Self.kind(of: text) else {
            throw RemoteError(.wrongKey, "not a \(name): it must begin with \(rawValue)")
        }
        guard kind == self else {
            throw RemoteError(.wrongKey, "a \(kind.name) where a \(name) belongs: give \(rawValue)…")
        }
        let digits = text.lowercased().dropFirst(rawValue.count)
        guard let bytes = Base32.bytes(digits), bytes.count == contentByteCount + Self.checkByteCount else {
            throw mistyped
        }
        let content = Array(bytes.prefix(contentByteCount))
        // What was read must be written the same way. That compares the check, the case and the last bits.
        guard self.text(content) == String(text) else { throw mistyped }
        return content
    }

    func check(of content: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array(rawValue.utf8) + content).prefix(Self.checkByteCount))
    }

    var name: String {
        switch self {
        case .recipient: "recipient"
        case .secret: "secret key"
        case .protectedSecret: "secret key with a passphrase"
        }
    }

    private var mistyped: RemoteError {
        RemoteError(.wrongKey, "a \(name) with a typing error: copy the whole text \(rawValue)… once more")
    }
}
