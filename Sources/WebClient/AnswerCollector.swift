import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Gathers an answer up to a size.
final class AnswerCollector: HTTPClientResponseDelegate, Sendable {
    private struct State {
        var head: HTTPResponseHead?
        var content: [UInt8] = []
    }

    private let limit: Int
    private let watch: ProgressWatch
    private let state = Mutex(State())

    init(limit: Int, _ watch: ProgressWatch) {
        (self.limit, self.watch) = (limit, watch)
    }

    func didReceiveHead(
        task: HTTPClient.Task<WebAnswer>,
        _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        watch.progress()
        state.withLock { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<WebAnswer>, _ part: ByteBuffer) -> EventLoopFuture<Void> {
        watch.progress()
        let fits = state.withLock { state in
            guard part.readableBytes <= limit - state.content.count else { return false }
            state.content += part.readableBytesView
            return true
        }
        guard fits else {
            let failure = WebFailure(isPassing: false, "the answer has more than \(limit) bytes")
            return task.eventLoop.makeFailedFuture(failure)
        }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveError(task: HTTPClient.Task<WebAnswer>, _ error: any Error) { watch.stop() }

    func didFinishRequest(task: HTTPClient.Task<WebAnswer>) throws -> WebAnswer {
        watch.stop()
        return try state.withLock { state in
            guard let head = state.head else { throw HTTPClientError.remoteConnectionClosed }
            return WebAnswer(
                status: Int(head.status.code),
                headers: head.headers.map { ($0.name, $0.value) },
                content: state.content
            )
        }
    }
}
