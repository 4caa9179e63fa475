/// What a check of a snapshot of a database found, in the words of its annotation.
package enum HealthVerdict: String, Hashable, Sendable {
    case good
    case bad

    fileprivate static let field = "verdict"
}

extension Annotation {
    /// Nil for other annotations, and for words that this program does not know.
    package var verdict: HealthVerdict? {
        kind == .health ? fields[HealthVerdict.field].flatMap { HealthVerdict(rawValue: $0) } : nil
    }
}

extension AnnotationRequest {
    /// `fields`: what more there is to say.
    package static func health(
        _ verdict: HealthVerdict,
        of target: SequenceNumber,
        fields: [String: String] = [:]
    ) -> Self {
        Self(.health, target: target, fields: fields.merging([HealthVerdict.field: verdict.rawValue]) { $1 })
    }
}
