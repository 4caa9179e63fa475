import Testing

@testable import holdfast

@Suite("Lines that are too long for a terminal")
struct WrappingTests {
    @Test("go on at a space, indented, and nothing is lost")
    func prose() {
        let text = "  the repository is on the same disk, which may fail as a whole"
        #expect(
            text.wrapped(to: 30) == """
                  the repository is on the
                    same disk, which may fail
                    as a whole
                """
        )
        #expect(text.wrapped(to: 80) == text && "a\n\nb\n".wrapped(to: 40) == "a\n\nb\n")
    }

    @Test("a long word is broken at the end of the line", arguments: [20, 21, 33, 80])
    func words(_ width: Int) {
        let text =
            "  + id=22 名前='山田太郎' note='家族と一緒に旅行に行きました。とても楽しかった😀😀' "
            + String(repeating: "abcdefghi", count: 12)
        let lines = text.wrapped(to: width).split(separator: "\n")
        #expect(lines.count > 1 && lines.allSatisfy { String($0).columns <= width }, "\(lines)")
        #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
    }

    @Test("a command has a line of its own, or is broken so that it can be pasted")
    func commands() {
        let advice = "a.db is damaged, and nobody knows since when: see holdfast doctor 'my data'"
        #expect(
            advice.wrapped(to: 60) == """
                a.db is damaged, and nobody knows since when: see
                  holdfast doctor 'my data'
                """
        )
        let command = "  holdfast rows restore 't' 36 37 38 39 40 '/home/me/my own data/a.db' --at 82"
        #expect(
            command.wrapped(to: 40) == """
                  holdfast rows restore 't' 36 37 38 \\
                    39 40 '/home/me/my own data/a.db' \\
                    --at 82
                """
        )
    }

    @Test("a quoted word of a command stays whole, even if it is too long")
    func longWord() {
        let command = #"  holdfast log $'/a long\' name' 'and it'\''s other one' --at 1"#
        #expect(
            command.wrapped(to: 24) == #"""
                  holdfast log \
                    $'/a long\' name' \
                    'and it'\''s other one' \
                    --at 1
                """#
        )
    }

    @Test("colours take no columns, and go on in the next line")
    func colours() {
        let red = "\u{1b}[31m", end = "\u{1b}[0m"
        #expect((red + "12345678901234567890" + end).wrapped(to: 20) == red + "12345678901234567890" + end)
        #expect(
            (red + "  one two three four five six" + end).wrapped(to: 20)
                == "\(red)  one two three four\(end)\n    \(red)five six\(end)"
        )
    }
}
