import Foundation
import TestSupport
import Testing

@testable import holdfast

@Suite("Errors with --json") struct JSONErrorTests {
    @Test(
        "are the last object, and the same line as ever on the standard error",
        arguments: [
            (
                ["restore", "--at", "99", "-o", "x"], 10,
                #"{"error":"there is no snapshot 99: nearest is 6 ("#
            ),
            (
                ["log", "--last", "0"], 64,
                #"{"error":"--last 0: N is 1 or more","status":64,"advice":"see holdfast help log"}"#
            ),
            (
                ["lgo"], 64,
                #"{"error":"holdfast has no command lgo","status":64,"advice":"did you mean log? If not, see holdfast help"}"#
            ),
            (
                ["query", "SELEC 1"], 1,
                #"{"error":"near \"SELEC\": syntax error","status":1,"advice":"check the SQL"}"#
            ),
        ] as [([String], Int32, String)]
    )
    func object(_ arguments: [String], _ status: Int32, _ expected: String) throws {
        let scene = try Scene()
        let result = try scene.run(arguments + ["--json"])
        #expect(result.status == status)
        #expect(result.stdout.hasPrefix(expected) && result.lines.count == 1, "\(result)")
        let plain = try scene.run(arguments)
        #expect(plain.stdout == "" && plain.stderr == result.stderr)
    }

    @Test("follow what was found before them")
    func afterResults() throws {
        let scene = try Scene()
        try scene.flip(scene.segment, at: 500)
        let result = try scene.run("log", "--json")
        #expect(result.status == 4)
        #expect(result.lines.last?.hasPrefix(#"{"error":"damage in "#) == true, "\(result)")
        #expect(
            result.lines.last?.hasSuffix(#""status":4,"advice":"run holdfast check"}"#) == true,
            "\(result)"
        )
    }

    @Test("are none when a command has said everything already, and none of its arguments behind --")
    func none() throws {
        let scene = try Scene()
        try scene.flip(scene.segment, at: 500)
        #expect(try scene.run("check", "--json").lines.last?.hasPrefix(#"{"summary":true"#) == true)
        #expect(try scene.run("guard", "--frobnicate", "--", "--json").stdout == "")
    }

    @Test(
        "have the advice with which the message ends",
        arguments: [
            ("open /x: permission denied", nil), ("x", nil),
            ("a: b: run holdfast check", "run holdfast check"),
            ("x is damaged: 3 rows are lost", nil), ("nothing: see a: name b", "name b"),
        ] as [(String, String?)]
    )
    func advice(_ message: String, _ advice: String?) {
        let failure = Failure(.failed, message)
        #expect(failure.advice == advice)
        #expect(failure.event + (advice.map { ": " + $0 } ?? "") == message)
    }
}
