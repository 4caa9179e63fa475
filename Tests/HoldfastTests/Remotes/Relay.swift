import Foundation
import TestSupport

/// Passes connections on to a server of this machine, and knows what clients have sent. While it is stopped,
/// its port refuses connections.
final class Relay {
    private let port: Int
    private let target: Int
    private var program: RunningProgram?
    private var former: [String] = []

    private static let script = """
        import socket, sys, threading
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        print("ready", flush=True)
        def close(*ends):
            for end in ends:
                try: end.shutdown(socket.SHUT_RDWR)
                except OSError: pass
        def send(source, sink, isRequest):
            try:
                while data := source.recv(65536):
                    if isRequest: print(data.split(b"\\r\\n")[0][:300], flush=True)
                    sink.sendall(data)
            except OSError: pass
            close(source, sink)
        while True:
            client = listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
            for ends in (client, server, True), (server, client, False):
                threading.Thread(target=send, args=ends, daemon=True).start()
        """

    init(to server: S3Server) throws {
        guard let target = server.endpoint.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw WaitedInVain(what: "a port in \(server.endpoint)")
        }
        self.target = target
        port = try S3Server.freePorts(1)[0]
        try start()
    }

    var endpoint: String { "http://127.0.0.1:\(port)" }

    /// The begin of each piece that a client has sent: a request, or more of one.
    var received: [String] {
        former + (program?.stdout.split(separator: "\n").dropFirst().map(String.init) ?? [])
    }

    func start() throws {
        let program = try RunningProgram(
            "/usr/bin/python3",
            ["-c", Self.script, "\(port)", "\(target)"],
            environment: HoldfastProgram.environment()
        )
        try program.waitForOutput { $0 == "ready" }
        self.program = program
    }

    func stop() {
        former = received
        program?.kill()
        program = nil
    }
}
