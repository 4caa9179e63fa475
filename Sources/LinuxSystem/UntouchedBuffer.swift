extension [UInt8] {
    /// A large buffer to read into. What is not used of it stays no more than an address: nothing writes
    /// zeros into it, so until then its content is whatever the memory held.
    package init(untouched count: Int) {
        unsafe self.init(unsafeUninitializedCapacity: count) { _, initializedCount in
            initializedCount = count
        }
    }
}
