import Foundation

extension S3Server {
    /// The programs that this machine has: first those in the directory `$HOLDFAST_S3_SERVERS`, as
    /// `pip install --target` makes its `bin`, then those in `$PATH`.
    static let programs: [Kind: String] = {
        var found: [Kind: String] = [:]
        for kind in Kind.allCases {
            let name = kind == .moto ? "moto_server" : kind.rawValue
            found[kind] = directories.map { "\($0)/\(name)" }.first { path in
                FileManager.default.isExecutableFile(atPath: path) && (kind != .rclone || servesS3(path))
            }
        }
        return found
    }()

    private static let directories: [String] = {
        let environment = ProcessInfo.processInfo.environment
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (environment["HOLDFAST_S3_SERVERS"].map { [$0] } ?? []) + path
    }()

    /// Before its version 1.65 rclone did not.
    private static func servesS3(_ path: String) -> Bool {
        let help = try? Command.run(path, ["serve", "--help"], environment: environment(path))
        return help?.stdout.contains("\n  s3 ") == true
    }

    /// What a server sees: nothing that this machine has set, and Python's packages beside the program.
    static func environment(_ path: String) -> [String: String] {
        let packages = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent().path
        return HoldfastProgram.environment(["PYTHONPATH": packages])
    }

    /// Ports of the loopback address that nobody has.
    package static func freePorts(_ count: Int) throws -> [Int] {
        let script = """
            import socket, sys
            sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
            for each in sockets: each.bind(("127.0.0.1", 0))
            for each in sockets: print(each.getsockname()[1])
            """
        let result = try Command.run("/usr/bin/python3", ["-c", script, "\(count)"])
        let ports = result.stdout.split(separator: "\n").compactMap { Int($0) }
        guard ports.count == count else { throw CommandFailure(command: "free ports", result: result) }
        return ports
    }

    /// Sends a request without a signature until anybody answers, whatever the answer.
    static func awaitAnswer(_ method: String, _ url: String) throws {
        let script = """
            import ssl, sys, time, urllib.error, urllib.request
            end = time.monotonic() + 60
            while True:
                try:
                    request = urllib.request.Request(sys.argv[2], method=sys.argv[1])
                    urllib.request.urlopen(request, timeout=60, context=ssl._create_unverified_context())
                    break
                except urllib.error.HTTPError as error:
                    if error.code < 500: break
                    if time.monotonic() > end: raise
                except OSError:
                    if time.monotonic() > end: raise
                time.sleep(0.05)
            """
        let result = try Command.run("/usr/bin/python3", ["-c", script, method, url], environment: [:])
        guard result.status == 0 else { throw CommandFailure(command: "\(method) \(url)", result: result) }
    }
}
