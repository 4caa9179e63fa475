import FoundationEssentials
import History
package import LinuxSystem
import RepositoryFormat

/// What is said over a watcher's control socket: one JSON object a line, one answer for one request.
enum ControlRequest: Codable, Sendable, Equatable {
    /// Answer when everything committed by now is durable, and these of it, or of earlier snapshots.
    case synchronise(annotations: [AnnotationRequest])
    /// Remove what these rules do not keep. The watcher decides, for it alone knows what has come in by then.
    case forget(RetentionRules)
    case status
    /// What the watcher as a whole does. Only its own socket answers this and `reload`.
    case watcher
    /// The last messages of the watcher. Only its own socket answers this.
    case messages
    /// Read the configuration again. Besides, protect these paths, which are absolute, or protect them no
    /// longer.
    case reload(adding: [String], removing: [String])

    /// More than any request needs: what there is to say of a restore that changed a thousand tables takes
    /// 100 KiB.
    static let longestLine = 8 << 20
}

enum ControlAnswer: Codable, Sendable, Equatable {
    /// Time in nanoseconds since 1970. `incomplete`: why not all that was committed is in it; nil when all
    /// is. `unseen`: the same by the paths of files; nil from one that does not tell. `exclusions`: as in
    /// `WatcherStatus`.
    case durable(
        sequence: UInt64,
        time: Int64,
        incomplete: String? = nil,
        unseen: [String: String]? = nil,
        exclusions: [String]? = nil
    )
    case status(WatcherStatus)
    case forgotten(removedSnapshots: Int, freedBytes: UInt64)
    case watcher(WatcherDescription)
    case messages([WatcherMessage])
    case reloaded
    case failed(reason: String)

    /// More than any answer needs.
    static let longestLine = 16 << 20
}

/// What only a running watcher knows.
package struct WatcherStatus: Codable, Sendable, Equatable {
    package var pid: Int32
    package var isReady: Bool
    /// When it began, in nanoseconds since 1970; nil from one that does not tell.
    package var started: Int64?
    /// Why protection is not what it should be; nil when it is.
    package var trouble: String?
    package var lagMilliseconds: Double = 0
    package var rescans = 0
    package var audits = 0
    package var auditDifferences = 0
    /// How often a single file was captured anew after an error of the program; nil from one that does not
    /// tell.
    package var quarantines: Int?
    /// Snapshots of exactly one transaction, since the watcher began; nil from one that does not tell.
    package var commits: Int?
    /// Transactions that share a snapshot; nil from one that does not tell.
    package var coalesced: Int?
    /// Spans in which commits may have been missed; nil from one that does not tell.
    package var gaps: Int?
    /// How long flushes took; nil from one that does not tell.
    package var flushes: Histogram?
    /// What is not durable yet; nil from one that does not tell.
    package var queue: Queue?
    /// Shell patterns of names that it leaves out; nil from one that does not tell.
    package var exclusions: [String]?
    /// What it leaves out, an element for each reason; nil from one that does not tell.
    package var leftOut: [LeftOutGroup]?
    /// What stands between files and their capture; nil from one that does not tell.
    package var hindered: Hindered?
    /// The whole files that it reads just now, by path; nil from one that does not tell.
    package var underWay: [Progress]?
    /// The repository is on the root's disk; nil from one that does not tell.
    package var sharesDisk: Bool?
    /// The most that the root may take in the repository; nil for no limit, or from one that does not tell.
    package var maximumBytes: UInt64?

    package struct Histogram: Codable, Sendable, Equatable {
        /// Ascending, in seconds.
        package var bounds: [Double]
        /// Of those up to each bound and beyond the one before; the last one of those beyond all.
        package var counts: [UInt64]
        /// Of all together, in seconds.
        package var sum: Double
    }

    package struct Queue: Codable, Sendable, Equatable {
        package var steps: Int
        /// Of memory.
        package var bytes: Int
    }

    package struct LeftOutGroup: Codable, Sendable, Equatable {
        /// What happened and what to do, on one line.
        package var reason: String
        package var count: Int
        /// Some paths.
        package var examples: [String]
    }

    package struct Hindered: Codable, Sendable, Equatable {
        /// How many files.
        package var count: Int
        /// Which, what and what to do, a line for each; of many files the first.
        package var reasons: [String]

        static let maximumReasons = 10
    }

    package struct Progress: Codable, Sendable, Equatable {
        package var path: String
        /// `first capture`, `comparison` or `audit`.
        package var what: String
        package var bytes: UInt64
        package var totalBytes: UInt64
    }
}

/// What a watcher as a whole does.
package struct WatcherDescription: Codable, Sendable, Equatable {
    package var pid: Int32
    /// In nanoseconds since 1970.
    package var started: Int64
    /// The configuration file that it reads; nil for none.
    package var configuration: String?
    package var roots: [Root]
    /// Nil from one that does not tell.
    package var usage: Usage?
    /// Nil if it serves no metrics, or does not tell.
    package var metrics: Metrics?

    /// What its process takes.
    package struct Usage: Codable, Sendable, Equatable {
        package var descriptors: Int
        package var descriptorLimit: Int
        package var residentBytes: UInt64
        package var threads: Int
    }

    package struct Metrics: Codable, Sendable, Equatable {
        /// Where they are to be served.
        package var address: String
        /// Why they are not; nil if they are.
        package var problem: String?

        package init(address: String, problem: String? = nil) {
            (self.address, self.problem) = (address, problem)
        }
    }

    package struct Root: Codable, Sendable, Equatable {
        /// Absolute.
        package var path: String
        package var state: State
        /// Why it cannot be protected for now.
        package var reason: String?
    }

    package enum State: String, Codable, Sendable {
        case starting, ready, failed, waiting
    }
}

/// A message of a watcher to people.
package struct WatcherMessage: Codable, Sendable, Equatable {
    /// In nanoseconds since 1970.
    package var time: Int64
    /// One line.
    package var text: String
    /// Parts of the text that come from within a database or a configuration, as what SQLite says of damage.
    package var details: [String]

    package init(time: Instant = .now, text: String, details: [String] = []) {
        (self.time, self.text, self.details) = (time.nanoseconds, text, details)
    }
}

enum ControlCoding {
    static func encode(_ message: some Encodable) throws -> [UInt8] {
        Array(try JSONEncoder().encode(message))
    }

    static func decode<Message: Decodable>(_ type: Message.Type, _ line: [UInt8]) throws -> Message {
        try JSONDecoder().decode(type, from: Data(line))
    }
}
