import TestSupport

/// A server that answers each connection with the same bytes, and closes it or goes silent. It is a proxy for
/// `holdfast.invalid` as well.
struct ScriptedServer {
    private let program: RunningProgram
    let endpoint: String

    private static let script = """
        import socket, sys, threading
        answer, waits, first = sys.argv[1].encode(), sys.argv[2] == "true", int(sys.argv[3])
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        kept = []
        def serve(client):
            data = client.recv(65536)
            if data.startswith(b"CONNECT holdfast.invalid:80 "):
                client.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
                data = client.recv(65536)
            while len(data) < first: data += client.recv(65536)
            client.sendall(answer)
            if waits: kept.append(client)
            else: client.close()
        while True:
            threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
        """

    /// - Parameters:
    ///   - thenWaits: the connection stays open after the answer, and nothing more is read.
    ///   - count: how many bytes are read before the answer, at least.
    init(_ answer: String, thenWaits: Bool = false, readsFirst count: Int = 1) throws {
        program = try RunningProgram(
            "/usr/bin/python3",
            ["-c", Self.script, answer, "\(thenWaits)", "\(count)"],
            environment: [:]
        )
        endpoint = "http://127.0.0.1:" + (try program.waitForOutput { !$0.isEmpty })
    }
}
