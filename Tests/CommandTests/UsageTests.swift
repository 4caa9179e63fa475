import TestSupport
import Testing

/// What is said about wrong usage: one line, status 64, nothing on the standard output.
@Suite struct UsageTests {
    @Test(
        "answers wrong usage with one line that points to the help",
        arguments: [
            (["frobnicate"], "see holdfast help"),
            (["log", "--frobnicate"], "see holdfast help log"),
            (["log", "a", "b"], "see holdfast help log"),
            (["log", "--last", "0"], "N is 1 or more"),
            (["log", "--last", "many"], "see holdfast help log"),
            (["log", "--quiet", "--verbose"], "exclude each other"),
            (["log", "--repo", ""], "--repo is empty"),
            (["log", "--since", "2026-13-01"], "month 13 is out of range"),
            (["restore"], "--output FILE"),
            (["restore", "--output", ""], "--output is empty"),
            (["restore", "--output", "x", "--at"], "see holdfast help restore"),
            (["restore", "--output", "x", "--at", "25:00"], "hour 25 is out of range"),
            (["restore", "--output", "x", "--at", "-5 parsecs"], "a span of time"),
            (["restore", "--in-place", "--output", "x"], "exclude each other"),
            (["check", "--rebuild"], "see holdfast help check"),
            (["stats", "--all"], "see holdfast help stats"),
            (["support-bundle"], "see holdfast help support-bundle"),
            (["forget", "--keep-last", "-1"], "see holdfast help forget"),
            (["forget", "--keep-daily=-1"], "N is 0 or more"),
            (["forget", "--keep-within", "1 month"], "is no length of time"),
            (["forget", "--keep-tag", "1st"], "cannot be a tag"),
            (["forget", "--max-size", "2X"], "is no size"),
            (["forget", "--max-size", "2Gi"], "is no size"),
            (["forget", "--max-size", "-1"], "see holdfast help forget"),
            (["forget", "--max-size", "1e3"], "is no size"),
            (["forget", "--max-size", "99999999T"], "is no size"),
        ] as [([String], String)]
    )
    func wrongUsage(_ arguments: [String], _ expected: String) throws {
        let result = try HoldfastProgram.run(arguments)
        #expect(result.status == 64)
        #expect(result.stdout == "")
        #expect(result.stderr.hasPrefix("holdfast: "))
        #expect(result.stderr.contains(expected), "\(result.stderr)")
        #expect(result.stderr.filter { $0 == "\n" }.count == 1 && result.stderr.hasSuffix("\n"))
    }

    @Test("answers requests for help and the version on the standard output")
    func help() throws {
        for arguments in [["--help"], ["help"], ["log", "--help"], ["help", "restore"], ["--version"], []] {
            let result = try HoldfastProgram.run(arguments)
            #expect(result.status == 0, "\(arguments)")
            #expect(result.stdout != "" && result.stderr == "", "\(arguments)")
        }
    }

    @Test("names versions of the program, the formats and the libraries")
    func version() throws {
        let lines = try HoldfastProgram.run(["--version"]).stdout.split(separator: "\n")
        let expected = [
            #"holdfast \d+\.\d+\.\d+( \(commit [0-9a-f]{12}(-dirty)?\))?"#,
            #"repository format \d+, segment format \d+, base format \d+"#,
            #"SQLite 3\.\d+\.\d+, zstd 1\.\d+\.\d+"#,
        ]
        #expect(lines.count == expected.count)
        for (line, pattern) in zip(lines, expected) {
            #expect(try Regex(pattern).wholeMatch(in: line) != nil, "\(line)")
        }
    }

    @Test("ls is log, and version is --version")
    func aliases() throws {
        #expect(try HoldfastProgram.run(["version"]).stdout == HoldfastProgram.run(["--version"]).stdout)
        let scene = try Scene()
        for arguments in [["data/app.db", "--json"], ["--last", "1"]] {
            let (log, list) = try (scene.run(["log"] + arguments), scene.run(["ls"] + arguments))
            #expect(list.status == 0 && list.stdout == log.stdout && log.stdout != "")
        }
        #expect(try scene.run("ls", "--lsat", "1").stderr.contains("did you mean --last?"))
    }

    @Test("looks for the repository where it was told, then in the environment, then at home")
    func repositoryPlace() throws {
        let cases: [([String], [String: String], String)] = [
            (["--repo", "/r1"], ["HOLDFAST_REPO": "/r2"], "/r1 is not"),
            ([], ["HOLDFAST_REPO": "/r2", "XDG_DATA_HOME": "/r3"], "/r2 is not"),
            ([], ["XDG_DATA_HOME": "/r3", "HOME": "/r4"], "/r3/holdfast is not"),
            ([], ["XDG_DATA_HOME": "relative", "HOME": "/r4"], "/r4/.local/share/holdfast is not"),
            ([], ["HOME": "/r4"], "/r4/.local/share/holdfast is not"),
        ]
        for (arguments, environment, expected) in cases {
            for command in [["log"], ["check"], ["restore", "--output", "/nonexistent/x"]] {
                let result = try HoldfastProgram.run(command + arguments, environment: environment)
                #expect(result.status == 10)
                #expect(result.stderr.contains(expected), "\(result.stderr)")
            }
        }
    }

    @Test("takes the options that all commands have before the command as well")
    func optionsBeforeCommand() throws {
        for arguments in [["--repo", "/r1", "--json", "log"], ["--repo=/r1", "-q", "check"]] {
            let result = try HoldfastProgram.run(arguments)
            #expect(result.status == 10)
            #expect(result.stderr.contains("/r1 is not"), "\(result.stderr)")
        }
    }
}
