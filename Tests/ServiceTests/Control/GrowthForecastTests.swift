import Testing

@testable import Service

@Suite("What a root's growth leads to")
struct GrowthForecastTests {
    @Test(
        "the full disk or the limit, whichever comes first",
        arguments: [
            // What is stored a day, used, free, and the limit.
            (10, 0, 100, nil, .diskIsFull(.seconds(10 * 86_400))),
            (10, 50, 100, 200, .diskIsFull(.seconds(10 * 86_400))),
            (10, 150, 100, 200, .isAtLimit(.seconds(5 * 86_400))),
            (10, 200, 100, 200, .isAtLimit(.zero)),
            (10, 300, 100, 200, .isAtLimit(.zero)),
            (10, 150, nil, 200, .isAtLimit(.seconds(5 * 86_400))),
            (10, 150, nil, nil, nil),
            (0, 200, 0, 200, nil),
            (1, 0, 3651, 3652, nil),
            (1, 0, 3650, nil, .diskIsFull(.seconds(3650 * 86_400))),
            (.max, .max, 0, .max, .isAtLimit(.zero)),
        ] as [(UInt64, UInt64, UInt64?, UInt64?, GrowthForecast?)]
    )
    func first(
        _ dayBytes: UInt64,
        _ usedBytes: UInt64,
        _ freeBytes: UInt64?,
        _ limitBytes: UInt64?,
        _ expected: GrowthForecast?
    ) {
        let forecast = GrowthForecast(
            dayBytes: dayBytes,
            usedBytes: usedBytes,
            freeBytes: freeBytes,
            limitBytes: limitBytes
        )
        #expect(forecast == expected)
        let isFull = if case .diskIsFull? = expected { true } else { false }
        #expect((forecast?.timeUntilFull != nil) == isFull)
    }
}
