import History
import Testing

@Suite("Quantities as text")
struct QuantityTests {
    @Test(
        "sizes",
        arguments: [
            (UInt64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
            (1_258_291, "1.2 MiB"),
            (1_048_524, "1023.9 KiB"), (1_048_525, "1.0 MiB"), (1_048_576, "1.0 MiB"), (421_888, "412.0 KiB"),
            (100 << 30, "100.0 GiB"), (1 << 60, "1.0 EiB"), (.max, "16.0 EiB"),
        ]
    )
    func sizes(bytes: UInt64, text: String) {
        #expect(Quantity.text(bytes: bytes) == text)
    }

    @Test(
        "spans of time",
        arguments: [
            (Duration.zero, "0 µs"), (.nanoseconds(999_999), "999 µs"), (.milliseconds(1), "1 ms"),
            (.milliseconds(999), "999 ms"), (.milliseconds(1250), "1.2 s"), (.milliseconds(59_999), "59.9 s"),
            (.seconds(60), "1 min 0 s"), (.seconds(185), "3 min 5 s"), (.seconds(7500), "2 h 5 min"),
            (.seconds(273_600), "3 d 4 h"), (.milliseconds(-250), "-250 ms"),
            (.seconds(Int64.max), "106751991167300 d 15 h"), (.seconds(Int64.min), "-106751991167300 d 15 h"),
        ]
    )
    func spans(duration: Duration, text: String) {
        #expect(Quantity.text(duration) == text)
    }

    @Test(
        "spans of time in their largest unit, 1 minute or more",
        arguments: [
            (Duration.zero, "1 min"), (.seconds(59), "1 min"), (.seconds(3599), "59 min"),
            (.seconds(3600), "1 h"), (.seconds(86_399), "23 h"), (.seconds(86_400), "1 day"),
            (.seconds(90 * 86_400), "3 months"), (.seconds(730 * 86_400), "2 years"),
        ]
    )
    func roughSpans(duration: Duration, text: String) {
        #expect(Quantity.roughText(duration) == text)
    }
}
