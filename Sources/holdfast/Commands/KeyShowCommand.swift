import ArgumentParser
import LinuxSystem
import Remote
import SystemPackage

struct KeyShowCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the recipients whose secret keys a file has.",
        discussion: """
            Of a key with a passphrase, $HOLDFAST_PASSPHRASE_FILE names the file whose first line it is.

            Exit status: 0 done, 1 failed, 12 it is no key file, 64 wrong usage.

            Examples:
              holdfast key show holdfast.key
              holdfast key show holdfast.key --json
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A key file.", completion: .file())
    var file: String

    func perform(_ console: Console) throws -> ExitStatus {
        do {
            let keys = try KeyFile.read(FilePath(argument: file)) { () throws(RemoteError) in
                guard let path = CurrentProcess.environment("HOLDFAST_PASSPHRASE_FILE") else {
                    throw RemoteError(.wrongKey, "it has a passphrase: set HOLDFAST_PASSPHRASE_FILE")
                }
                return try KeyFile.passphrase(in: FilePath(path))
            }
            for key in keys {
                try console.result(
                    json: RecipientLine(recipient: "\(key.recipient)"),
                    text: "\(key.recipient)"
                )
            }
            return .done
        } catch let error as RemoteError {
            throw Failure(error)
        }
    }
}
