/// Looks for damage in all that is stored of a root.
package struct RootCheck {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    package struct Summary: Hashable, Sendable {
        package var errors = 0
        package var warnings = 0
        package var snapshots: UInt64 = 0
        /// Read from segments and bases.
        package var bytesRead: UInt64 = 0
    }

    /// Reads every record, every link between segments and every base. With `readingData` it rebuilds every
    /// snapshot of every file and checks its digest. `isBesideWriter: false` also reports an unfinished write
    /// at the very end, which beside a writer is normal.
    package func run(
        readingData: Bool,
        isBesideWriter: Bool = true,
        _ report: (Finding) throws -> Void
    ) throws -> Summary { fatalError() }
}
