import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Service

@Suite("Control socket: whatever answers")
struct ControlFuzzTests {
    @Test("an answer is understood, or the client gives up with a reason")
    func answers() async throws {
        let listening = try ListeningRoot()
        let status = WatcherStatus(
            pid: 1,
            isReady: true,
            trouble: "x",
            lagMilliseconds: 1.5,
            rescans: 1,
            audits: 2,
            auditDifferences: 3
        )
        let samples: [ControlAnswer] = [
            .durable(sequence: 5, time: 77), .status(status), .failed(reason: "why"),
            .forgotten(removedSnapshots: 7, freedBytes: 99),
            .messages([WatcherMessage(text: "said", details: ["what"])]),
        ]
        let sound = try samples.map { try ControlCoding.encode($0) }
        try await WorkerThread.run("fuzz") {
            var run = FuzzRun("control answers", rounds: 1500)
            var understood = 0
            while var random = run.next() {
                var answer = sound.randomElement(using: &random)!
                if Bool.random(using: &random) {
                    answer.mutate(with: &random)
                } else {
                    answer.replaceNumber(&random)
                }
                let isClosedEarly = Int.random(in: 0..<8, using: &random) == 0
                let reply = answer
                try listening.answerOne { connection in
                    _ = try? connection.readLine(limit: 1000)
                    if !isClosedEarly { try? connection.writeLine(reply) }
                }
                if try Self.ask(ControlClient(listening.root), &random) { understood += 1 }
            }
            #expect(understood > 30)
        }
    }

    private static func ask(_ client: ControlClient, _ random: inout SeededRandom) throws -> Bool {
        do {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: return try client.status() != nil
            case 1: _ = try client.forget(RetentionRules(), timeout: .seconds(60))
            default: _ = try client.synchronise(timeout: .seconds(60))
            }
            return true
        } catch is ControlClient.Failure {
        } catch is DecodingError {
        }
        return false
    }
}

extension [UInt8] {
    /// One number of a JSON text becomes another.
    fileprivate mutating func replaceNumber(_ random: inout SeededRandom) {
        let numbers = [
            "0", "-1", "1e300", "9223372036854775808", "18446744073709551615", "0.5", "null", "true",
        ]
        let text = String(decoding: self, as: UTF8.self)
        guard let place = text.matches(of: #/\d+(\.\d+)?/#).randomElement(using: &random) else { return }
        self = Array(text.replacingCharacters(place.range, numbers.randomElement(using: &random)!).utf8)
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<Index>, _ text: String) -> String {
        var result = self
        result.replaceSubrange(range, with: text)
        return result
    }
}
