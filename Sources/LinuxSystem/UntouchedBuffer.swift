extension [UInt8] {
    /// A large buffer to read into. Nothing writes zeros into it, so pages that are not used take no memory.
    /// Before it is written, its content is undefined.
    package init(untouched count: Int) {
        unsafe self.init(unsafeUninitializedCapacity: count) { _, initializedCount in
            initializedCount = count
        }
    }
}
