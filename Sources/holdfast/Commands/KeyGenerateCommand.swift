import ArgumentParser
import LinuxSystem
import Remote
import SystemPackage

struct KeyGenerateCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a new key pair.",
        discussion: """
            Writes the secret key into a file that only you may read, and prints the recipient that belongs to it. Without \
            --output the file is holdfast.key.

            Exit status: 0 done, 1 failed, as when there is such a file, 64 wrong usage.

            Examples:
              holdfast key generate
              holdfast key generate --output /media/usb/offsite.key
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("The new file.", valueName: "file"), completion: .file())
    var output = "holdfast.key"

    @Option(
        help: ArgumentHelp("Protect it by the passphrase in the first line of this file.", valueName: "file"),
        completion: .file()
    )
    var passphraseFile: String?

    func perform(_ console: Console) throws -> ExitStatus {
        let path = FilePath(argument: output)
        do throws(RemoteError) {
            var passphrase: Passphrase?
            if let file = passphraseFile { passphrase = try KeyFile.passphrase(in: FilePath(argument: file)) }
            let key = SecretKey()
            try KeyFile.create(path, key, passphrase: passphrase)
            console.message(
                "\(path.printable) has the secret key: who loses it loses what is encrypted for it"
            )
            try? console.result(json: RecipientLine(recipient: "\(key.recipient)"), text: "\(key.recipient)")
        } catch {
            throw Failure(error)
        }
        return .done
    }
}
