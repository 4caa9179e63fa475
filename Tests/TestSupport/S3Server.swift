import Foundation
import Synchronization

/// A server of the S3 protocol on the loopback address, of another make than the code that is tested. It is
/// killed when this value goes away.
package final class S3Server: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// SeaweedFS: obeys conditions, checks signatures.
        case weed
        /// Moto: obeys conditions, checks no signatures.
        case moto
        /// rclone: ignores conditions, checks signatures.
        case rclone
    }

    package let kind: Kind
    /// Without a slash at the end.
    package let endpoint: String
    package let accessKey = "HOLDFASTTESTKEY"
    package let secretKey = "holdfast-test-secret"
    package let region = "us-east-1"
    /// It exists, and is empty at first.
    package let bucket = "holdfast-test"
    private let files: TemporaryDirectory
    private let program: Mutex<RunningProgram?>

    /// Whether the machine has the program.
    package static func isAvailable(_ kind: Kind) -> Bool { programs[kind] != nil }

    /// Returns when the server answers. Throws `CommandFailure` if it does not start.
    ///
    /// - Parameter certificate: the files of a certificate and its key, for HTTPS. Not for `weed`.
    package static func start(
        _ kind: Kind,
        certificate: (path: String, key: String)? = nil
    ) throws -> S3Server {
        // Somebody else may take a free port before the server does.
        var attempts = 3
        while true {
            do {
                return try S3Server(kind, certificate)
            } catch  where attempts > 1 {
                attempts -= 1
            }
        }
    }

    package func stop() {
        program.withLock { program in
            program?.kill()
            program = nil
        }
    }

    /// Stops the server from answering, without closing its connections, until `resume` (SIGSTOP).
    package func pause() { program.withLock { $0?.signal(SIGSTOP) } }
    package func resume() { program.withLock { $0?.signal(SIGCONT) } }

    private init(_ kind: Kind, _ certificate: (path: String, key: String)?) throws {
        guard let path = Self.programs[kind] else { throw WaitedInVain(what: "a program \(kind.rawValue)") }
        self.kind = kind
        let ports = try Self.freePorts(8)
        endpoint = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(ports[0])"
        files = try TemporaryDirectory(prefix: "holdfast-s3")
        let arguments =
            switch kind {
            case .weed: try Self.weed(files, ports, (accessKey, secretKey))
            case .moto: Self.moto(ports[0], certificate)
            case .rclone: try Self.rclone(files, ports[0], (accessKey, secretKey), bucket, certificate)
            }
        let program = try RunningProgram(
            path,
            arguments,
            environment: Self.environment(path),
            directory: files.path
        )
        do {
            try Self.awaitAnswer("GET", endpoint)
            switch kind {
            case .weed: try Self.awaitAnswer("POST", "http://127.0.0.1:\(ports[1])/buckets/\(bucket)/")
            case .moto: try Self.awaitAnswer("PUT", "\(endpoint)/\(bucket)")
            case .rclone: break
            }
            guard program.isRunning else {
                throw try CommandFailure(command: path, result: program.waitForEnd())
            }
        } catch {
            program.kill()
            throw error
        }
        self.program = Mutex(program)
    }

    private static func weed(
        _ files: TemporaryDirectory,
        _ ports: [Int],
        _ credentials: (access: String, secret: String)
    ) throws -> [String] {
        let identities = """
            {"identities": [{
                "name": "holdfast",
                "credentials": [{"accessKey": "\(credentials.access)", "secretKey": "\(credentials.secret)"}],
                "actions": ["Admin", "Read", "Write", "List"]
            }]}
            """
        try files.write(Array(identities.utf8), to: "identities.json")
        return [
            "server", "-dir=\(files.path)", "-ip=127.0.0.1", "-s3",
            "-s3.config=\(files.file("identities.json"))",
            "-s3.port=\(ports[0])", "-s3.port.grpc=\(ports[2])", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-filer.port=\(ports[1])", "-filer.port.grpc=\(ports[3])",
            "-filer.localSocket=\(files.file("filer"))",
            "-s3.localSocket=\(files.file("s3"))", "-master.port=\(ports[4])",
            "-master.port.grpc=\(ports[5])",
            "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.port=\(ports[6])",
            "-volume.port.grpc=\(ports[7])", "-volume.max=100", "-volume.minFreeSpace=1MiB",
        ]
    }

    private static func moto(_ port: Int, _ certificate: (path: String, key: String)?) -> [String] {
        let options = ["-H", "127.0.0.1", "-p", "\(port)"]
        return options + (certificate.map { ["-c", $0.path, "-k", $0.key] } ?? [])
    }

    private static func rclone(
        _ files: TemporaryDirectory,
        _ port: Int,
        _ credentials: (access: String, secret: String),
        _ bucket: String,
        _ certificate: (path: String, key: String)?
    ) throws -> [String] {
        try FileManager.default.createDirectory(
            atPath: files.file("served/\(bucket)"),
            withIntermediateDirectories: true
        )
        let options = [
            "serve", "s3", "--config", "/dev/null", "--addr", "127.0.0.1:\(port)",
            "--auth-key", "\(credentials.access),\(credentials.secret)",
        ]
        let encryption = certificate.map { ["--cert", $0.path, "--key", $0.key] } ?? []
        return options + encryption + [files.file("served")]
    }
}
