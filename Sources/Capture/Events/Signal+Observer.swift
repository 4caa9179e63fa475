import LinuxSystem

/// What an observer is woken for.
extension Signal.News {
    static let names = Self(rawValue: 1)
    static let writes = Self(rawValue: 2)
    static let mounts = Self(rawValue: 4)
    /// There are requests, or it is asked to stop.
    static let requests = Self(rawValue: 8)
    /// The recorder has made steps durable, or could not.
    static let recorded = Self(rawValue: 16)
}
