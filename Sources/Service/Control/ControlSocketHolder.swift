import Capture
import LinuxSystem
import Synchronization

/// A control socket that is opened some time after its protector has started, and closed when that ends,
/// which may be before.
final class ControlSocketHolder: Sendable {
    private struct State {
        var socket: ControlSocket?
        var isClosed = false
    }

    private let state = Mutex(State())

    func open(_ protector: RootProtector, on loop: EventLoop) throws(SystemError) {
        let isClosed = state.withLock { $0.isClosed }
        guard !isClosed else { return }
        let socket = try ControlSocket(protector.root, on: loop) { await protector.answer($0) }
        let isLate = state.withLock { state in
            if !state.isClosed { state.socket = socket }
            return state.isClosed
        }
        if isLate { socket.stop() }
    }

    /// Answers until `close`.
    func run() async {
        let socket = state.withLock { $0.socket }
        await socket?.run()
    }

    func close() {
        let socket = state.withLock { state in
            state.isClosed = true
            return state.socket
        }
        socket?.stop()
    }
}
