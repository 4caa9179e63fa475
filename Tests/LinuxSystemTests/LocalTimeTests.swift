import LinuxSystem
import Testing

@Suite("Local time")
struct LocalTimeTests {
    @Test("an offset is less than 26 hours, whatever the zone and the century")
    func offsetsAreBounded() {
        for seconds in stride(from: Int64(-9_223_372_037), through: 9_223_372_037, by: 86_400 * 7) {
            #expect(abs(LocalTime.offsetSeconds(atUnixSeconds: seconds)) < 26 * 3600)
        }
    }

    @Test("a moment beyond the years of the C library counts as UTC")
    func extremes() {
        #expect(LocalTime.offsetSeconds(atUnixSeconds: .max) == 0)
        #expect(LocalTime.offsetSeconds(atUnixSeconds: .min) == 0)
    }
}
