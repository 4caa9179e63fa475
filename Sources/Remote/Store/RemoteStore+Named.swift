extension RemoteStore {
    /// The bytes of an object that a batch, an index or a state names, or those of `range`. Throws
    /// `RemoteError.damaged` if it is not there.
    func getNamed(_ name: ObjectName, _ range: Range<UInt64>? = nil) async throws(RemoteError) -> [UInt8] {
        do throws(RemoteError) {
            return try await get(name, range)
        } catch {
            throw error.kind == .missing ? .gone("\(name)") : error
        }
    }
}
