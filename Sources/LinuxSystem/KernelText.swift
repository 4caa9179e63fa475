import SystemPackage

/// Texts of the kernel, such as those of `proc(5)`, of which `stat(2)` does not tell the size.
enum KernelText {
    /// The whole text; nil when it cannot be read.
    static func read(_ path: FilePath) -> String? {
        guard let file = try? OpenFile(path, .read) else { return nil }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        do throws(SystemError) {
            while case let got = try file.read(into: &chunk, count: chunk.count, at: UInt64(text.count)),
                got > 0
            {
                text += chunk[..<got]
            }
        } catch {
            return nil
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The first line without white space at its ends; nil when there is none.
    static func line(_ path: FilePath) -> String? {
        read(path)?.split(whereSeparator: \.isNewline).first.map { $0.trimmingSpaces }
    }

    /// The first number; nil when there is none.
    static func number(_ path: FilePath) -> UInt64? {
        line(path)?.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) }
    }

    /// The value behind `name` and a colon, as `/proc/PID/status` has it.
    static func value(_ name: String, in text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline)
        return lines.first { $0.hasPrefix(name + ":") }.map { $0.dropFirst(name.count + 1).trimmingSpaces }
    }

    /// A value of kibibytes, as `VmRSS` is, in bytes.
    static func bytes(_ name: String, in text: String) -> UInt64? {
        value(name, in: text)?.split(separator: " ").first.flatMap { UInt64($0) }?
            .multipliedSaturated(by: 1024)
    }
}

extension Substring {
    /// Without white space at its ends, and with one space between words.
    fileprivate var trimmingSpaces: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
