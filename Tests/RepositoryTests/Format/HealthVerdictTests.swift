import LinuxSystem
import RepositoryFormat
import Testing

@Suite("A verdict on a snapshot")
struct HealthVerdictTests {
    @Test("is a word in its annotation", arguments: [(HealthVerdict.good, "good"), (.bad, "bad")])
    func word(_ verdict: HealthVerdict, _ word: String) {
        let request = AnnotationRequest.health(verdict, of: SequenceNumber(7), fields: ["reason": "why"])
        #expect(request.fields == ["verdict": word, "reason": "why"])
        let annotation = request.annotation(newest: SequenceNumber(9), time: Instant(nanoseconds: 0))
        #expect(annotation.target == SequenceNumber(7))
        #expect(annotation.verdict == verdict)
    }

    @Test("is none in other words, without one, and in other annotations")
    func none() {
        #expect(annotation(.health, ["verdict": "GOOD"]).verdict == nil)
        #expect(annotation(.health, ["reason": "good"]).verdict == nil)
        #expect(annotation(.drill, ["verdict": "good"]).verdict == nil)
    }

    private func annotation(_ kind: Annotation.Kind, _ fields: [String: String]) -> Annotation {
        Annotation(kind, target: SequenceNumber(1), fields: fields, time: Instant(nanoseconds: 0))
    }
}
