import SystemPackage
import Testing

@testable import Capture

@Suite("Directories to be listed")
struct DirectoryListingTests {
    private func next(_ listing: inout DirectoryListing) -> (name: FilePath, wasElsewhere: Bool)? {
        guard case .directory(let name, let wasElsewhere) = listing.next() else { return nil }
        return (name, wasElsewhere)
    }

    @Test("each comes once, the last one first, and keeps that it was elsewhere")
    func once() {
        var listing = DirectoryListing()
        listing.add("a", wasElsewhere: true)
        listing.add("b", wasElsewhere: false)
        listing.add("a", wasElsewhere: false)
        let first = next(&listing)
        #expect(first?.name == "b" && first?.wasElsewhere == false)
        let second = next(&listing)
        #expect(second?.name == "a" && second?.wasElsewhere == true)
        let third = next(&listing)
        #expect(!listing.isGoingOn && third == nil)
        listing.add("a", wasElsewhere: false)
        let again = next(&listing)
        #expect(again?.wasElsewhere == false)
    }

    @Test("those below one that is left out go with it, those beside it stay")
    func below() {
        var listing = DirectoryListing()
        for name in ["a", "a/b", "ab", "c/a"] as [FilePath] { listing.add(name, wasElsewhere: true) }
        listing.remove(below: "a")
        let left = [next(&listing)?.name, next(&listing)?.name]
        #expect(left == ["c/a", "ab"])
        #expect(!listing.isGoingOn)
    }
}
