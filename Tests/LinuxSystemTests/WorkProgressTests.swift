import LinuxSystem
import Testing

@Suite struct WorkProgressTests {
    @Test("counts each stage from zero, and never more than there is")
    func stages() {
        let progress = WorkProgress()
        #expect(progress.reading == nil)
        progress.add(5)
        progress.begin("one", totalBytes: 10)
        #expect(progress.reading == WorkProgress.Reading(stage: "one", bytes: 0, totalBytes: 10))
        progress.add(4)
        progress.add(3)
        #expect(progress.reading?.bytes == 7)
        progress.add(100)
        #expect(progress.reading?.bytes == 10)
        progress.begin("two", totalBytes: 20)
        #expect(progress.reading == WorkProgress.Reading(stage: "two", bytes: 0, totalBytes: 20))
    }
}
