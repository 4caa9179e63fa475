import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// A file that is no database, read whole, and what it was before.
struct PlainRead: ~Copyable {
    let file: OpenFile
    let stamp: ContentStamp
    let shape: ImageSize
    let pages: PageSet
    /// Writes that events had told of before.
    let writes: Int
}

/// What is handed over of a file that is no database.
extension CaptureState {
    /// Captures what was read, unless somebody wrote it meanwhile.
    mutating func provePlain(_ read: borrowing PlainRead, _ now: MonotonicInstant) throws -> ProcessStep {
        guard pending.contentWrites == read.writes, try ContentStamp(read.file.status()) == read.stamp else {
            missPause(now)
            return retry(in: .milliseconds(5))
        }
        outbox.put(plainStep(read.shape, read.pages))
        plainCaptured(read.shape, read.stamp)
        return .done
    }

    /// What hands over that content.
    func plainStep(_ shape: ImageSize, _ pages: PageSet) -> CaptureStep {
        .changes(
            Changes(
                file: file,
                time: .now,
                event: event(isCommit: false),
                shape: shape,
                startsFresh: image?.shape.pageSize != .plain,
                pages: pages,
                closesUnfinished: true
            )
        )
    }

    /// It was captured, and looked like that.
    mutating func plainCaptured(_ shape: ImageSize, _ seen: ContentStamp) {
        image = ObservedImage(shape: shape)
        ledger.hasSnapshot()
        presence.content.captured(seen)
        presence.attributes.contentCaptured()
        pending.contentCaptured()
        contentIsCertain()
    }

    /// What the file looks like now; nil when it is none.
    var presentStamp: ContentStamp? {
        FileStatus.directIfPresent(path).flatMap { $0.kind == .regular ? ContentStamp($0) : nil }
    }

    /// Reads the whole file; nil when it is too large to be read at once.
    func readWhole() throws -> PlainRead? {
        let writes = pending.contentWrites
        let file = try OpenFile(path, .protected)
        let status = try file.status()
        let shape = try bounds.plainShape(status)
        guard shape.byteCount <= Self.wholeBytes else { return nil }
        var pages = PageSet(pageSize: .plain, reservingPages: Int(shape.pageCount.rawValue))
        try file.readAll(shape, into: &pages, &context.scratch)
        let stamp = ContentStamp(status)
        return PlainRead(file: file, stamp: stamp, shape: shape, pages: pages, writes: writes)
    }
}
