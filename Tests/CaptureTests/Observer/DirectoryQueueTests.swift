import SystemPackage
import Testing

@testable import Capture

@Suite("Directories to be listed")
struct DirectoryQueueTests {
    @Test("each comes once, the last one first, and keeps that it was elsewhere")
    func once() {
        var queue = DirectoryQueue()
        queue.add("a", wasElsewhere: true)
        queue.add("b", wasElsewhere: false)
        queue.add("a", wasElsewhere: false)
        let first = queue.take()
        #expect(first?.name == "b" && first?.wasElsewhere == false)
        let second = queue.take()
        #expect(second?.name == "a" && second?.wasElsewhere == true)
        #expect(queue.isEmpty && queue.take() == nil)
        queue.add("a", wasElsewhere: false)
        #expect(queue.take()?.wasElsewhere == false)
    }

    @Test("those below one that is left out go with it, those beside it stay")
    func below() {
        var queue = DirectoryQueue()
        for name in ["a", "a/b", "ab", "c/a"] as [FilePath] { queue.add(name, wasElsewhere: true) }
        queue.remove(below: "a")
        #expect(queue.take()?.name == "c/a")
        #expect(queue.take()?.name == "ab")
        #expect(queue.isEmpty)
    }
}
