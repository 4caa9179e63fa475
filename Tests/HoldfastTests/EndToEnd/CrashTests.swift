import Foundation
import TestSupport
import Testing

@Suite("A watcher that is killed", .serialized)
struct CrashTests {
    @Test(
        "20 times amid load: starts again, is clean, lost nothing that was acknowledged, says the gap, converges"
    )
    func twentyTimes() throws {
        let protection = try Protection()
        var random = SeededRandom()
        var acknowledged: [LogLine] = []
        var count = 0
        for _ in 0..<20 {
            try protection.watch()
            let session = try SQLite3Session(protection.database)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let insert = "INSERT INTO t(b) VALUES(hex(randomblob(3000)));"
                let burst = Int.random(in: 1...25, using: &random)
                try session.sql(String(repeating: insert, count: burst))
                count += burst
                if Bool.random(using: &random) {
                    try protection.sync()
                    acknowledged = try protection.snapshots()
                }
            }
            protection.kill()
            // What nobody watches is a gap.
            try session.sql("INSERT INTO t(b) VALUES('unwatched');")
            count += 1
            try session.close()

            let after = try protection.snapshots()
            #expect(after.prefix(acknowledged.count).map(\.digest) == acknowledged.map(\.digest), "\(random)")
            try protection.check()
        }
        try protection.watch()
        try protection.sync()
        try protection.check()
        let log = try protection.log()
        let stops = log.filter { $0.event == "gap" && $0.reason == "holdfast was not running" }
        #expect(stops.count == 20)
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "\(count)\n", "\(random)")
    }
}
