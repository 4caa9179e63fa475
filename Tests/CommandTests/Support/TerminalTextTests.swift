import Testing

@testable import holdfast

@Suite struct TerminalTextTests {
    @Test("wide letters take two columns, marks none")
    func columns() {
        #expect("abc".columns == 3 && "".columns == 0)
        #expect("日本".columns == 4 && "e\u{301}".columns == 1)
        #expect("日".paddedOnLeft(to: 4) == "  日" && "日".paddedOnRight(to: 4) == "日  ")
    }

    @Test(
        "an emoji is a picture of two columns, and the parts of other letters take their own",
        arguments: [
            ("✅", 2), ("🚀", 2), ("🫠", 2), ("👍🏽", 2), ("🇯🇵", 2), ("❤\u{fe0f}", 2), ("❤", 1), ("、", 2),
            ("ｱ", 1), ("Ａ", 2), ("\u{1112}\u{1161}\u{11ab}", 2), ("नि", 2), ("🎉日a", 5),
        ]
    )
    func wideAndNarrow(_ text: String, _ columns: Int) {
        #expect(text.columns == columns)
    }

    @Test("what does not fit is left out at the end, or in the middle")
    func shortened() {
        #expect("abcdef".clipped(to: 6) == "abcdef" && "abcdef".clipped(to: 4) == "abc…")
        #expect("abcdefgh".shortenedInMiddle(to: 8) == "abcdefgh")
        #expect("abcdefgh".shortenedInMiddle(to: 5) == "ab…gh")
        #expect("memory/deep/notes.md".shortenedInMiddle(to: 12) == "memor…tes.md")
        #expect("日本語日本語".shortenedInMiddle(to: 7).columns <= 7)
    }

    @Test("a row is never wider than the terminal, and its name is shortened first")
    func row() {
        let remarks = [Remark("bad") { $0 }, Remark("[a-tag]") { $0 }]
        let name = "memory/deep/down/notes.md"
        #expect(Remark.line("12 x", name: name, remarks, width: nil) == "12 x  \(name)  bad  [a-tag]")
        let narrow = Remark.line("12 x", name: name, remarks, width: 30)
        #expect(
            narrow.columns == 30 && narrow.hasPrefix("12 x  memo") && narrow.hasSuffix(".md  bad  [a-tag]")
        )
        for width in 1...60 {
            #expect(Remark.line("12 x", name: name, remarks, width: width).columns <= width)
        }
    }
}
