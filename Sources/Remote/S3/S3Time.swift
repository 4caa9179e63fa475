import FoundationEssentials
import LinuxSystem

/// A time to the second, in the forms of this protocol. All are UTC.
enum S3Time {
    /// `20130524T000000Z`, as signatures have it.
    static func signed(_ moment: Instant) -> String {
        Date(timeIntervalSince1970: Double(moment.nanoseconds / 1_000_000_000)).formatted(compact)
    }

    /// `Fri, 24 May 2013 00:00:00 GMT`, as the Date header has it (RFC 9110, 5.6.7). Nil if it is none.
    static func header(_ text: String) -> Instant? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: parts[2]) else {
            return nil
        }
        return answer("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
    }

    /// `2013-05-24T00:00:00.000Z`, as answers have it. Nil if it is none.
    static func answer(_ text: String) -> Instant? {
        guard let date = try? Date(text, strategy: .iso8601) else { return nil }
        let nanoseconds = Int64(exactly: date.timeIntervalSince1970.rounded(.down) * 1e9)
        return nanoseconds.map { Instant(nanoseconds: $0) }
    }

    private static let compact = Date.ISO8601FormatStyle(
        dateSeparator: .omitted,
        dateTimeSeparator: .standard,
        timeSeparator: .omitted,
        timeZoneSeparator: .omitted,
        includingFractionalSeconds: false,
        timeZone: .gmt
    )

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
