import LinuxSystem
import SystemPackage

/// Placeholders for names: the same name has the same one in all texts.
///
/// A text is read from its front. At the beginning of a word:
/// 1. The longest name that is known there, and ends there, gets its placeholder.
/// 2. What goes on behind a known directory, and any other absolute path, is a path that is not known. It
///    gets a placeholder up to a punctuation mark before a space, or up to the quote or parenthesis that
///    closes the one before it.
/// 3. Everything else stays.
struct NamePlaceholders {
    /// By the bytes of the names.
    private var placeholders: [[UInt8]: String] = [:]
    /// The lengths of the names that begin with a byte, the longest first.
    private var lengths: [UInt8: [Int]] = [:]
    /// Placeholders of directories, names below which may stay.
    private var open: Set<String> = []
    private var counts: [String: Int] = [:]

    /// Paths of the kernel and the system, which have no names of anybody.
    private static let plainPaths = ["/proc/sys/", "/etc/os-release"].map { Array($0.utf8) }

    /// A name that is known from now on, as `kind-N`. The first placeholder of a name stays.
    mutating func add(_ name: String, as kind: String) {
        guard placeholders[Array(name.utf8)] == nil else { return }
        add(name, next(kind))
    }

    /// An absolute path.
    ///
    /// - Parameter isOpen: names below it may stay.
    mutating func add(_ path: FilePath, placeholder: String, isOpen: Bool = false) {
        add(path, placeholder)
        if isOpen { open.insert(placeholder) }
    }

    /// A file or directory in a root. Its path gets `placeholder`, and its name alone the last part of that.
    mutating func add(_ name: FilePath, in root: FilePath, placeholder: String) {
        let short = placeholder.split(separator: "/").last.map(String.init) ?? placeholder
        add(root.appending(name.components), placeholder)
        add(name, short)
        if let last = name.lastComponent { add(FilePath(root: nil, components: last), short) }
    }

    /// The text with placeholders.
    mutating func text(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if place == 0 || !bytes[place - 1].isOfWord, let end = take(bytes, place, &result) {
                place = end
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The text of a setting or an argument, of which nothing stays that is not known to be harmless: numbers
    /// with their units, options, names of settings, and placeholders.
    mutating func value(_ text: String) -> String {
        var (result, word) = ("", "")
        for character in self.text(text) + "\n" {
            guard " \"'[]{}(),:=;\n".contains(character) else {
                word.append(character)
                continue
            }
            result +=
                word.isEmpty || Self.isHarmless(word) ? word : placeholder(of: Array(word.utf8), "value")
            result.append(character)
            word = ""
        }
        return String(result.dropLast())
    }

    private static func isHarmless(_ word: String) -> Bool {
        words.contains(word) || word.wholeMatch(of: #/[0-9.]+([KMGT]|ms|s|m|h|d|w)?/#) != nil
            || word.wholeMatch(of: #/--?[a-z-]+/#) != nil
            || word.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPlaceholder)
    }

    private static func isPlaceholder(_ word: Substring) -> Bool {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        return kinds.contains(String(parts[0])) && parts.count < 3
            && parts.dropFirst().allSatisfy { Int($0) != nil }
    }

    private static let kinds: Set = [
        "root", "file", "directory", "tag", "table", "name", "path", "repository", "configuration", "home",
        "host", "value",
    ]
    private static let words: Set = [
        "holdfast", "watch", "all", "true", "false", "within", "last", "hourly", "daily", "weekly", "monthly",
        "auto-tags", "max-size", "tags",
    ]

    private mutating func next(_ kind: String) -> String {
        counts[kind, default: 0] += 1
        return "\(kind)-\(counts[kind, default: 0])"
    }

    /// A path, in each way that a message may have it.
    private mutating func add(_ path: FilePath, _ placeholder: String) {
        for text in [path.string, path.printable, ShellWord.quoted(path.bytes)] { add(text, placeholder) }
    }

    private mutating func add(_ name: String, _ placeholder: String) {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, placeholders[bytes] == nil else { return }
        placeholders[bytes] = placeholder
        var known = lengths[first] ?? []
        guard !known.contains(bytes.count) else { return }
        known.append(bytes.count)
        lengths[first] = known.sorted(by: >)
    }

    private mutating func placeholder(of bytes: [UInt8], _ kind: String) -> String {
        if let known = placeholders[bytes] { return known }
        let new = next(kind)
        placeholders[bytes] = new
        return new
    }

    /// Adds the placeholder of what begins there, and returns its end; nil when nothing does.
    private mutating func take(_ text: [UInt8], _ start: Int, _ result: inout [UInt8]) -> Int? {
        let front = start > 0 ? text[start - 1] : nil
        if let (end, placeholder) = known(text, start) {
            result += placeholder.utf8
            guard end < text.count, text[end] == UInt8(ascii: "/"), !open.contains(placeholder) else {
                return end
            }
            let pathEnd = Self.endOfPath(text, end, openedBy: front)
            guard pathEnd > end + 1 else { return end }
            result += ("/" + self.placeholder(of: Array(text[start..<pathEnd]), "path")).utf8
            return pathEnd
        }
        guard text[start] == UInt8(ascii: "/") || text[start...].starts(with: Array("~/".utf8)),
            !Self.plainPaths.contains(where: text[start...].starts)
        else { return nil }
        let end = Self.endOfPath(text, start, openedBy: front)
        guard end > start + 1 else { return nil }
        result += placeholder(of: Array(text[start..<end]), "path").utf8
        return end
    }

    /// The longest name that begins there and ends as a name does.
    private func known(_ text: [UInt8], _ start: Int) -> (end: Int, placeholder: String)? {
        let isPath = text[start] == UInt8(ascii: "/")
        for length in lengths[text[start]] ?? [] where start + length <= text.count {
            let end = start + length
            guard let placeholder = placeholders[Array(text[start..<end])] else { continue }
            let isEnd = isPath ? Self.isEndOfPath(text, end) : end == text.count || !text[end].isOfWord
            if isEnd { return (end, placeholder) }
        }
        return nil
    }

    /// Whether a path that is known may end there; a slash leads to what is below it.
    private static func isEndOfPath(_ text: [UInt8], _ place: Int) -> Bool {
        place == text.count || " \n:,;)('\"/]}".utf8.contains(text[place])
            || text[place] == UInt8(ascii: ".") && (place + 1 == text.count || text[place + 1] == 0x20)
    }

    /// Where a path that is not known ends. Names have spaces, quotes and parentheses, too. So none of these
    /// ends it unless it was opened before the path.
    private static func endOfPath(_ text: [UInt8], _ start: Int, openedBy front: UInt8? = nil) -> Int {
        guard start + 1 < text.count, text[start + 1] != 0x20 else { return start }
        let quote = front.flatMap { "'\"".utf8.contains($0) ? $0 : nil }
        var (place, depth) = (start, 0)
        while place < text.count {
            let byte = text[place]
            let isBeforeSpace = place + 1 == text.count || text[place + 1] == 0x20
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if byte == quote || byte == UInt8(ascii: "\n") || depth < 0 { break }
            if quote == nil, ":,;".utf8.contains(byte), isBeforeSpace { break }
            place += 1
        }
        while place > start, text[place - 1] == 0x20 { place -= 1 }
        return place
    }
}

extension UInt8 {
    /// Whether a word goes on with it: a letter, a digit, an underscore, or a part of another letter.
    fileprivate var isOfWord: Bool { isLetterOrDigit || self == UInt8(ascii: "_") || self >= 0x80 }
}
