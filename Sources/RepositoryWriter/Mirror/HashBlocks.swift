import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// Blocks of hashes. The most recently used ones are in memory. The others are in an unnamed file, which
/// exists as long as the process.
///
/// Errors of that file are not reported. A block that cannot be read back unchanged is lost, and all of its
/// hashes are `lostHash`.
struct HashBlocks: ~Copyable {
    /// The position of a block in the file, in blocks.
    typealias Place = UInt32

    /// The number of hashes in a block.
    static let length = 128
    static let lostHash = UInt64.max
    private static let byteCount = length * 8
    /// The most blocks that are in memory: 1 MiB.
    static let mostFrames = 1024

    private let directory: FilePath
    private var file: SharedFile?
    /// The blocks in memory, one after the other.
    private var hashes: [UInt64] = []
    private var frames: [Frame] = []
    private var frameOf: [Place: Int] = [:]
    /// Where the search for the next frame to reuse continues (clock algorithm).
    private var hand = 0
    private var free: [Place] = []
    /// XXH64 of each block as it was last written to the file, seed = its place.
    private var checksums: [UInt64] = []

    private struct Frame {
        var place: Place
        var isChanged: Bool
        /// Whether it was used since the search last passed it.
        var isUsed = true
    }

    init(in directory: FilePath) {
        self.directory = directory
    }

    /// A new block of zeros.
    mutating func add() -> Place {
        let place: Place
        if let known = free.popLast() {
            place = known
        } else {
            place = Place(checksums.count)
            checksums.append(0)
        }
        let frame = makeFrame(place)
        for index in 0..<Self.length { hashes[frame * Self.length + index] = 0 }
        frames[frame].isChanged = true
        return place
    }

    mutating func remove(_ place: Place) {
        if let frame = frameOf[place] { frames[frame].isChanged = false }
        free.append(place)
    }

    /// A hash of a block.
    subscript(place: Place, index: Int) -> UInt64 {
        mutating get {
            let frame = frame(place)
            return hashes[frame * Self.length + index]
        }
        set {
            let frame = frame(place)
            hashes[frame * Self.length + index] = newValue
            frames[frame].isChanged = true
        }
    }

    /// Loads the block into memory.
    private mutating func frame(_ place: Place) -> Int {
        if let frame = frameOf[place] {
            frames[frame].isUsed = true
            return frame
        }
        let frame = makeFrame(place)
        read(place, into: frame)
        return frame
    }

    /// Returns a frame for the block, with any content.
    private mutating func makeFrame(_ place: Place) -> Int {
        if let frame = frameOf[place] { return frame }
        let frame: Int
        if frames.count < Self.mostFrames {
            frame = frames.count
            frames.append(Frame(place: place, isChanged: false))
            hashes.append(contentsOf: repeatElement(0, count: Self.length))
        } else {
            while frames[hand].isUsed {
                frames[hand].isUsed = false
                hand = (hand + 1) % frames.count
            }
            frame = hand
            hand = (hand + 1) % frames.count
            if frames[frame].isChanged { write(frame) }
            frameOf[frames[frame].place] = nil
            frames[frame] = Frame(place: place, isChanged: false)
        }
        frameOf[place] = frame
        return frame
    }

    private mutating func write(_ frame: Int) {
        let place = frames[frame].place
        let hashes = hashes
        let bytes = unsafe hashes.span.bytes.extracting(
            frame * Self.byteCount..<(frame + 1) * Self.byteCount
        )
        checksums[Int(place)] = XXH64.hash(bytes, seed: UInt64(place))
        // After an error the file's content does not match the checksum.
        try? (file ?? makeFile()).file.write(bytes, at: UInt64(place) * UInt64(Self.byteCount))
    }

    private mutating func read(_ place: Place, into frame: Int) {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        let offset = UInt64(place) * UInt64(Self.byteCount)
        _ = try? file?.file.read(into: &bytes, count: Self.byteCount, at: offset)
        let content = unsafe bytes.span.bytes
        let isSame = XXH64.hash(content, seed: UInt64(place)) == checksums[Int(place)]
        for index in 0..<Self.length {
            let hash = isSame ? content.littleEndianUInt64(at: index * 8) : Self.lostHash
            hashes[frame * Self.length + index] = hash
        }
    }

    private mutating func makeFile() throws(SystemError) -> SharedFile {
        // A draft's name: if the process is killed here, the file is removed with the drafts.
        let path = directory.appending("0.hashes.new")
        if FileStatus.ifPresent(path) != nil { try Directory.remove(path) }
        let made = try SharedFile(path, .createNew)
        try Directory.remove(path)
        file = made
        return made
    }
}
