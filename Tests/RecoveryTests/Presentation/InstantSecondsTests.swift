import History
import LinuxSystem
import Testing

@Suite("Instants as seconds")
struct InstantSecondsTests {
    @Test(
        "seconds are rounded down, also before the epoch",
        arguments: [
            (Int64(0), Int64(0), 0), (1, 0, 1), (-1, -1, 999_999_999), (-1_000_000_000, -1, 0),
            (.max, 9_223_372_036, 854_775_807), (.min, -9_223_372_037, 145_224_192),
        ]
    )
    func parts(nanoseconds: Int64, seconds: Int64, nanosecond: Int) {
        let instant = Instant(nanoseconds: nanoseconds)
        #expect(instant.unixSeconds == seconds)
        #expect(instant.nanosecond == nanosecond)
        #expect(Instant(unixSeconds: seconds, nanosecond: nanosecond) == instant)
    }

    @Test("a moment beyond 64 bits cannot be made")
    func beyond() {
        #expect(Instant(unixSeconds: 9_223_372_036, nanosecond: 854_775_808) == nil)
        #expect(Instant(unixSeconds: -9_223_372_037, nanosecond: 145_224_191) == nil)
        #expect(Instant(unixSeconds: .max, nanosecond: 999_999_999) == nil)
        #expect(Instant(unixSeconds: .min, nanosecond: 0) == nil)
        #expect(Instant(unixSeconds: .min, nanosecond: 1) == nil)
    }
}
