import Foundation
import TestSupport
import Testing

@testable import holdfast

/// What terminals show of names and rows with wide letters.
@Suite("Wide letters on a terminal")
struct TerminalWidthTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        let directory = folder.file("データ/深い階層のディレクトリ")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let database = folder.file("データ/顧客 🎉.db")
        let watch = ["watch", "--once", folder.file("データ")]
        let environment = ["HOLDFAST_REPO": folder.file("repository")]
        let value = "家族と一緒に旅行に行きました。とても楽しかった😀🚀 and some words"
        for sql in [
            "CREATE TABLE 客户(id INTEGER PRIMARY KEY, 名前, note); INSERT INTO 客户 VALUES(1, '山田太郎', '\(value)');",
            "UPDATE 客户 SET 名前 = '鈴木花子と長い名前の人がここに住んでいる'; INSERT INTO 客户 VALUES(2, '✅ ❤\u{fe0f} 🇯🇵', '\(value)');",
            "DELETE FROM 客户 WHERE id = 2;",
        ] {
            try SQLite3.sql(sql, on: database)
            _ = try HoldfastProgram.run(watch, environment: environment)
        }
        try Data("x".utf8).write(to: URL(fileURLWithPath: directory + "/ノート📒とメモの長いファイル名です.md"))
        _ = try HoldfastProgram.run(watch, environment: environment)
        _ = try HoldfastProgram.run(
            ["tag", "候補版-とても長いタグの名前です", folder.file("データ"), "--at", "2"],
            environment: environment
        )
    }

    private func shown(_ arguments: String, columns: Int) throws -> [String] {
        let command = "stty cols \(columns) rows 40; '\(HoldfastProgram.path)' \(arguments)"
        let result = try Command.run(
            "script",
            ["-qec", command, "/dev/null"],
            environment: HoldfastProgram.environment([
                "HOLDFAST_REPO": folder.file("repository"), "NO_COLOR": "1", "HOLDFAST_PAGER": "",
                "LC_ALL": "C.UTF-8",
            ]),
            directory: folder.path
        )
        return result.stdout.split(whereSeparator: \.isNewline).map(String.init)
    }

    @Test(
        "no line is wider than the terminal",
        arguments: [
            "status", "log --by snapshot", "log --by hour", "log --graph", "log --table 客户 --by snapshot",
            "find 客户 --deleted", "diff 1 latest", "rows history 客户 1", "stats", "show 2 データ/顧客*", "check",
        ],
        [60, 80, 120]
    )
    func width(_ command: String, _ columns: Int) throws {
        // Messages are one line whatever its width.
        let lines = try shown(command + " 2>/dev/null", columns: columns)
        #expect(!lines.isEmpty)
        for line in lines {
            // One word of a command, as the path of this folder, is not broken.
            let words = line.trimmingCharacters(in: CharacterSet(charactersIn: " \\"))
            let isOneWord = words.first == "'" && words.last == "'" || !words.contains(" ")
            #expect(line.columns <= columns || isOneWord, "\(line)")
        }
    }

    @Test("columns begin below each other")
    func aligned() throws {
        let lines = try shown("log --by snapshot", columns: 100)
        let names = lines.dropFirst().filter { !$0.contains("gap") }.compactMap { line in
            line.firstRange(of: /顧客|深/).map { line[..<$0.lowerBound].description.columns }
        }
        #expect(names.count == 4 && Set(names).count == 1, "\(lines)")
    }
}
