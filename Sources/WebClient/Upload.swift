import AsyncHTTPClient
import NIOCore

/// Sends the content of a request piece by piece, so that progress is seen and the pace kept.
struct Upload: Sendable {
    let content: [UInt8]
    let pace: (@Sendable (_ byteCount: Int) -> Duration)?
    let watch: ProgressWatch
    private static let pieceSize = 16 << 10

    init(_ content: [UInt8], _ pace: (@Sendable (_ byteCount: Int) -> Duration)?, _ watch: ProgressWatch) {
        (self.content, self.pace, self.watch) = (content, pace, watch)
    }

    var body: HTTPClient.Body {
        .stream(contentLength: Int64(content.count)) { writer in
            // The first write says on which loop the request is.
            writer.write(.byteBuffer(ByteBuffer())).flatMapWithEventLoop { _, loop in
                let done = loop.makePromise(of: Void.self)
                send(from: 0, writer, done)
                return done.futureResult
            }
        }
    }

    private func send(from start: Int, _ writer: HTTPClient.Body.StreamWriter, _ done: EventLoopPromise<Void>)
    {
        guard start < content.count else {
            watch.progress(more: sendingTime)
            return done.succeed()
        }
        let piece = start..<min(start + Self.pieceSize, content.count)
        let wait = TimeAmount(pace?(piece.count) ?? .zero)
        watch.progress(more: wait)
        let loop = done.futureResult.eventLoop
        loop.scheduleTask(in: wait) {
            watch.progress()
            writer.write(.byteBuffer(ByteBuffer(bytes: content[piece]))).hop(to: loop).whenComplete {
                result in
                switch result {
                case .success: send(from: piece.upperBound, writer, done)
                case .failure(let error): done.fail(error)
                }
            }
        }
    }

    /// How long the kernel may need for what it has buffered (up to 4 MiB, `tcp_wmem` in tcp(7)), if the line
    /// takes 16 KiB a second.
    private var sendingTime: TimeAmount { .seconds(Int64(min(content.count, 4 << 20) >> 14)) }
}
