import ArgumentParser
import History
import LinuxSystem

/// A WHEN; times without a date are of the present day.
func parseWhen(_ text: String) throws -> When {
    do {
        return try When(parsing: text, now: .now, calendar: .system)
    } catch {
        throw ValidationError(error.description)
    }
}
