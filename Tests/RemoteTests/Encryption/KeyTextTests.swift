import TestSupport
import Testing

@testable import Remote

@Suite("Texts of keys")
struct KeyTextTests {
    @Test("of a recipient and a secret key are read as they were written")
    func roundTrip() throws {
        let key = SecretKey()
        #expect(try Recipient(parsing: key.recipient.description) == key.recipient)
        let again = try SecretKey(parsing: key.revealedText)
        #expect(again.recipient == key.recipient)
        #expect(again.bytes == key.bytes)
    }

    @Test("with one wrong, missing, doubled or swapped character are refused")
    func typingErrors() throws {
        let key = SecretKey()
        for text in [key.recipient.description, key.revealedText] {
            let isSecret = text == key.revealedText
            for wrong in Self.typingErrors(text) {
                let message = expect(.wrongKey, "\(wrong)") {
                    guard isSecret else {
                        _ = try Recipient(parsing: wrong)
                        return
                    }
                    _ = try SecretKey(parsing: wrong)
                }
                #expect(!message.contains(text.suffix(60)), "the message must not repeat the key")
            }
        }
    }

    private static func typingErrors(_ text: String) -> Set<String> {
        let characters = Array(text)
        var wrong: Set<String> = []
        for index in characters.indices {
            for other in "abz27AQ018é -" {
                wrong.insert(String(characters[..<index] + [other] + characters[(index + 1)...]))
            }
            wrong.insert(String(characters[..<index] + characters[(index + 1)...]))
            wrong.insert(String(characters[...index] + characters[index...]))
            guard index > 0 else { continue }
            var swapped = characters
            swapped.swapAt(index - 1, index)
            wrong.insert(String(swapped))
        }
        wrong.formUnion(["", text + "\n", " " + text, text.lowercased(), text.uppercased()])
        wrong.remove(text)
        return wrong
    }

    @Test("given in place of another kind say so, without the key")
    func otherKind() {
        let key = SecretKey()
        let text = expect(.wrongKey) { _ = try Recipient(parsing: key.revealedText) }
        #expect(text == "a secret key where a recipient belongs: give holdfast1…")
        expect(.wrongKey) { _ = try SecretKey(parsing: key.recipient.description) }
    }

    @Test("of recipients that no secret key has are refused")
    func lowOrder() {
        var one = [UInt8](repeating: 0, count: 32)
        one[0] = 1
        var topBit = SecretKey().recipient.bytes
        topBit[31] |= 0x80
        for bytes in [[UInt8](repeating: 0, count: 32), one, topBit] {
            expect(.wrongKey) { _ = try Recipient(parsing: KeyText.recipient.text(bytes)) }
        }
    }

    @Test("end with what names the recipient in messages")
    func shortID() {
        let recipient = SecretKey().recipient
        #expect(recipient.id.description == "…" + recipient.description.suffix(8))
    }

    @Test("of secrets appear in no description, dump or reflection")
    func secrets() throws {
        let key = SecretKey()
        let passphrase = try Passphrase("correct horse")
        let dataKey = DataKey()
        let opening = OpeningKeys([key], passphrase: passphrase)
        let targets = try SealTargets([key.recipient], passphrase: passphrase)
        let hidden = [
            key.revealedText, "\(key.bytes)", "correct horse", "\(passphrase.bytes)", "\(dataKey.bytes)",
        ]
        // As a dump shows bytes, each in a line.
        let lines = [key.bytes, passphrase.bytes, dataKey.bytes].map { bytes in
            bytes.prefix(4).map { "- \($0)" }
        }
        for value in [key, passphrase, dataKey, opening, targets] as [any Sendable] {
            var dumped = ""
            dump(value, to: &dumped)
            let shown = [dumped, String(describing: value), String(reflecting: value), "\([value])"]
            for text in shown {
                #expect(!hidden.contains { text.contains($0) })
                let compact = text.split(separator: "\n").map { $0.drop { $0 == " " } }
                #expect(!lines.contains { Self.follows($0, in: compact.map(String.init)) })
            }
        }
    }

    private static func follows(_ lines: [String], in text: [String]) -> Bool {
        text.indices.contains { text[$0...].starts(with: lines) }
    }
}
