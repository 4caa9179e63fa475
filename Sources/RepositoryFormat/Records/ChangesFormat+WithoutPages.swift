package import LinuxSystem

extension ChangesFormat {
    /// A payload of the first `count` entries, which are finished, without their pages. `time`: the record's.
    package func withoutPages(first count: Int, after time: Instant) -> [UInt8] {
        var (table, previous) = ([UInt8](), time)
        for entry in entries.prefix(count) {
            table.append(entry: entry, numbers: [], after: previous)
            previous = entry.time
        }
        var payload: [UInt8] = []
        payload.appendChangesHeader(
            .byteRanges,
            flags: Flag.noPrefix | flags & Flag.continues,
            pageSize: pageSize,
            entryCount: count,
            tableBytes: table.count,
            rawBytes: 0
        )
        return payload + table
    }
}
