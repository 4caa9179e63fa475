import TestSupport
import Testing

@testable import SQLiteFiles

@Suite("Write-ahead logs: whatever is in them")
struct WALFuzzTests {
    private static func log(_ random: inout SeededRandom) -> WALBuilder {
        var log = WALBuilder()
        log.order = Bool.random(using: &random) ? .little : .big
        log.pageBytes = [512, 1024].randomElement(using: &random)!
        for number in 1...UInt32.random(in: 1...5, using: &random) {
            let isCommit = Bool.random(using: &random)
            let content = random.bytes(log.pageBytes)
            log.frames.append(.init(page: number, databasePages: isCommit ? number : 0, content: content))
        }
        return log
    }

    /// SQLite's checksum adds words modulo 2^32, each so many times: the top bits of two words can cancel
    /// each other out.
    private static func withoutTopBits(_ content: ArraySlice<UInt8>) -> [UInt8] {
        content.enumerated().map { offset, byte in offset % 4 == 0 || offset % 4 == 3 ? byte & 0x7f : byte }
    }

    @Test("no trap; frames lie within the log; what was not sealed again is what was written, from the front")
    func logs() throws {
        var run = FuzzRun("WAL", rounds: 30_000)
        var accepted = 0
        while var random = run.next() {
            let sound = Self.log(&random)
            var bytes = sound.bytes
            let isFocused = Bool.random(using: &random)
            bytes.mutate(with: &random, within: isFocused ? 0..<64 : nil)
            let isSealed = Bool.random(using: &random)
            if isSealed { bytes.sealLog() }
            guard let scan = try? ScannedWAL(bytes) else { continue }
            let frameBytes = scan.chain.frameBytes
            #expect(scan.chain.frameCount <= (bytes.count - 32) / frameBytes, "\(random)")
            #expect(scan.committed.frameCount == scan.pages.count, "\(random)")
            for (page, offset) in scan.pages {
                #expect(page.rawValue != 0 && offset + frameBytes - 24 <= bytes.count, "\(random)")
            }
            accepted += scan.pages.count
            guard !isSealed, scan.chain.salts == sound.chainSalts else { continue }
            // A checksum that runs on lets nothing pass that was not there, at its place.
            let isPrefix = scan.pages.enumerated().allSatisfy { index, found in
                index < sound.frames.count
                    && sound.frames[index].page & 0x7fff_ffff == found.page.rawValue & 0x7fff_ffff
                    && Self.withoutTopBits(bytes[found.offset..<found.offset + sound.pageBytes])
                        == Self.withoutTopBits(sound.frames[index].content[...])
            }
            #expect(isPrefix, "\(random)")
        }
        #expect(accepted > 1000)
    }

    @Test("wal-index headers: no trap, whatever counts they name")
    func indexes() throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql("PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        let sound = try Array(directory.bytes(of: "a.db-shm").prefix(200))
        var run = FuzzRun("wal-index", rounds: 300_000)
        var accepted = 0
        while var random = run.next() {
            var bytes = sound
            bytes.mutate(with: &random, within: 0..<136)
            if Bool.random(using: &random) { bytes.sealIndex() }
            guard let header = try? WALIndexHeader(bytes) else { continue }
            accepted += 1
            guard var chain = header.chain else {
                #expect(header.lastFrame == 0, "\(random)")
                continue
            }
            _ = chain.offset(ofFrame: chain.frameCount)
            #expect(chain.frameCount == Int(header.lastFrame), "\(random)")
            #expect(chain.accept(frame: random.bytes(chain.frameBytes)) == .end, "\(random)")
        }
        #expect(accepted > 1000)
    }
}

extension WALBuilder {
    fileprivate var chainSalts: WALSalts { WALSalts((bigEndian(salts.0) + bigEndian(salts.1)).raw, at: 0) }
}

extension [UInt8] {
    /// Makes all checksums of a log right again, as far as its header can be made sense of.
    fileprivate mutating func sealLog() {
        guard count >= 32 else { return }
        let order: ByteOrder = self[3] & 1 == 1 ? .big : .little
        var sum = WALChecksum()
        sum.update(over: raw.extracting(0..<24), order: order)
        replace(at: 24, with: bigEndian(sum.s0) + bigEndian(sum.s1))
        guard let header = try? WALHeader(self) else { return }
        let frameBytes = 24 + header.pageSize.bytes
        for start in stride(from: 32, through: count - frameBytes, by: frameBytes) {
            sum.update(over: raw.extracting(start..<start + 8), order: order)
            sum.update(over: raw.extracting(start + 24..<start + frameBytes), order: order)
            replace(at: start + 16, with: bigEndian(sum.s0) + bigEndian(sum.s1))
        }
    }

    /// Makes both copies of a wal-index header one again, with its checksum.
    fileprivate mutating func sealIndex() {
        guard count >= 96 else { return }
        var sum = WALChecksum()
        sum.update(over: raw.extracting(0..<40), order: .native)
        let words = [sum.s0, sum.s1].map(bigEndian)
        replace(at: 40, with: words.flatMap { ByteOrder.native == .big ? $0 : $0.reversed() })
        replace(at: 48, with: Array(self[0..<48]))
    }
}
