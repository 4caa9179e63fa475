import LinuxSystem

/// What a check of a remote found.
package struct RemoteFinding: Hashable, Sendable {
    package enum Severity: String, Sendable { case error, warning }

    package let severity: Severity
    package let name: ObjectName
    package let message: String

    init(_ severity: Severity, _ name: ObjectName, _ message: String) {
        (self.severity, self.name, self.message) = (severity, name, message)
    }
}

/// A number of objects.
package struct ObjectCount: Hashable, Sendable {
    package private(set) var objects = 0
    /// As the store counts them.
    package private(set) var bytes: UInt64 = 0

    package init() {}

    mutating func add(_ object: ListedObject) {
        objects += 1
        bytes.addSaturated(object.sizeBytes)
    }
}
