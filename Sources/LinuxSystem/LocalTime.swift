import Glibc

/// The time zone of this process: `TZ` if it is set, else `/etc/localtime`.
///
/// It answers only the one question for which the C library is needed. Calendar arithmetic needs no system
/// call. It is done above, where tests can define the rules of a zone themselves.
package enum LocalTime {
    /// How many seconds local time is ahead of UTC at a moment (negative west of Greenwich), with summer
    /// time, by localtime_r(3).
    ///
    /// It does not fail: a moment whose year the C library cannot express counts as UTC.
    package static func offsetSeconds(atUnixSeconds seconds: Int64) -> Int64 {
        var moment = time_t(seconds)
        var fields = unsafe tm()
        guard unsafe localtime_r(&moment, &fields) != nil else { return 0 }
        return unsafe Int64(fields.tm_gmtoff)
    }
}
