@testable import SQLiteFiles

/// A write-ahead log from its parts, written as the format says and independently of the decoders' own
/// checksum.
struct WALBuilder {
    struct Frame {
        var page: UInt32
        var databasePages: UInt32 = 0
        var content: [UInt8]
    }

    var order = ByteOrder.little
    var pageBytes = 512
    var salts: (UInt32, UInt32) = (0x1234_5678, 0x9abc_def0)
    var version: UInt32 = WALLayout.supportedVersion
    var frames: [Frame] = []

    var bytes: [UInt8] {
        var sum: (UInt32, UInt32) = (0, 0)
        let magic = order == .big ? WALLayout.bigEndianMagic : WALLayout.littleEndianMagic
        var log = bigEndian(magic) + bigEndian(version) + bigEndian(UInt32(pageBytes)) + bigEndian(3)
        log += bigEndian(salts.0) + bigEndian(salts.1)
        add(log, to: &sum)
        log += bigEndian(sum.0) + bigEndian(sum.1)
        for frame in frames {
            let start = bigEndian(frame.page) + bigEndian(frame.databasePages)
            add(start, to: &sum)
            add(frame.content, to: &sum)
            log += start + bigEndian(salts.0) + bigEndian(salts.1) + bigEndian(sum.0) + bigEndian(sum.1)
            log += frame.content
        }
        return log
    }

    private func add(_ bytes: [UInt8], to sum: inout (UInt32, UInt32)) {
        for start in stride(from: 0, to: bytes.count, by: 8) {
            sum.0 = sum.0 &+ word(bytes, start) &+ sum.1
            sum.1 = sum.1 &+ word(bytes, start + 4) &+ sum.0
        }
    }

    private func word(_ bytes: [UInt8], _ start: Int) -> UInt32 {
        let word = Array(bytes[start..<start + 4])
        return (order == .big ? word : word.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// A whole log read through its decoders.
struct ScannedWAL {
    var chain: WALChain
    var committed: WALChain
    var commits: [PageCount] = []
    /// The pages of the committed frames in order, with where their content starts.
    var pages: [(page: PageNumber, offset: Int)] = []

    init(_ log: [UInt8]) throws(WALHeaderError) {
        self.init(log, from: WALChain(header: try WALHeader(log.raw)))
    }

    /// Goes on from a chain to the first frame that is not valid.
    init(_ log: [UInt8], from start: WALChain) {
        chain = start
        committed = start
        var open: [(page: PageNumber, offset: Int)] = []
        while true {
            let offset = Int(chain.offset(ofFrame: chain.frameCount))
            guard offset <= log.count else { return }
            let end = min(log.count, offset + chain.frameBytes)
            switch chain.accept(frame: log.raw.extracting(offset..<end)) {
            case .page(let page):
                open.append((page, offset + WALLayout.frameHeaderBytes))
            case .commit(let page, let databasePages):
                pages += open + [(page, offset + WALLayout.frameHeaderBytes)]
                open = []
                commits.append(databasePages)
                committed = chain
            case .end:
                return
            }
        }
    }
}
