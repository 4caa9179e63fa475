import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SystemPackage

/// The attributes of a file or a directory, as the observer passes them to the recorder.
struct AttributesStep: Sendable {
    enum Subject: Sendable {
        /// `isWithContent`: they were read together with the content that was passed last.
        case file(FileID, isWithContent: Bool)
        case directory(FilePath)
    }

    let subject: Subject
    /// Nil: the directory was removed.
    let attributes: FileAttributes?
    let time: Instant

    init(_ subject: Subject, _ attributes: FileAttributes?) {
        self.subject = subject
        self.attributes = attributes
        time = .now
    }

    var file: FileID? {
        if case .file(let file, _) = subject { file } else { nil }
    }

    /// Its approximate memory, in bytes.
    var byteCount: Int { attributes?.extended.reduce(256) { $0 + $1.value.count } ?? 256 }

    func stage(in writer: RootWriter) throws {
        switch (subject, attributes) {
        case (.file(let file, let isWithContent), let attributes?):
            try writer.stageAttributes(attributes, of: file, isWithContent: isWithContent, time: time)
        case (.file, nil): break
        case (.directory(let name), let attributes): writer.stageDirectory(name, attributes, time: time)
        }
    }
}
