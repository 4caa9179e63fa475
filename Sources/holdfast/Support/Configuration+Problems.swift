import LinuxSystem
import Remote
import RepositoryReader
import Settings
import SystemPackage

extension Configuration {
    /// What is wrong with settings that `Settings` does not know the use of.
    ///
    /// - Parameters:
    ///   - repository: the one in effect; nil if none is named anywhere.
    ///   - followsRemotes: follow symbolic links to the directories of remotes. That waits for a share whose
    ///     server is away, so only who looks at remotes anyway does it.
    func problems(in repository: FilePath?, followsRemotes: Bool) -> [ConfigurationProblem] {
        let repository = repository.flatMap { try? RepositoryDirectory.absolute($0) }.map { Place($0) }
        let roots = roots.map { Place($0.path.value) }
        return problems(of: roots, repository) + remotes.flatMap(\.problems) + problemsOfSameURLs
            + problems(ofRemotesBeside: roots + [repository].compactMap(\.self), roots.count, followsRemotes)
    }

    /// Each path is protected once, and no repository is.
    private func problems(of places: [Place], _ repository: Place?) -> [ConfigurationProblem] {
        let table = PlaceTable(places)
        return places.enumerated().compactMap { number, place in
            let message =
                repository.flatMap { Self.problem(ofRoot: place, in: $0) }
                ?? table.holder(of: place, besides: number).flatMap { holder in
                    Self.problem(ofRoot: place, in: places[holder.number], isSame: holder.isSame)
                }
            return message.map { ConfigurationProblem(line: roots[number].path.line, message: $0) }
        }
    }

    private static func problem(ofRoot root: Place, in other: Place, isSame: Bool) -> String {
        let (path, otherPath) = (root.written.printable, other.written.printable)
        if root.written == other.written { return "the root \(path) is named twice: name it once" }
        if isSame { return "the root \(path) is the root \(otherPath) by another name: name one of them" }
        return "the root \(path) is inside of the root \(otherPath), which is protected as a whole: "
            + "name one of them"
    }

    /// Why a path cannot be a root. `watch` also refuses what is in other repositories.
    private static func problem(ofRoot root: Place, in repository: Place) -> String? {
        guard let holder = PlaceTable([repository]).holder(of: root) else { return nil }
        let what =
            holder.isSame ? "is the repository" : "is in the repository \(repository.written.printable)"
        return "the root \(root.written.printable) \(what), which is not protected itself: "
            + "name files of your own"
    }

    /// Two writers of one remote would refuse each other.
    private var problemsOfSameURLs: [ConfigurationProblem] {
        let addresses = remotes.map { try? RemoteAddress($0.url.value) }
        return remotes.enumerated().compactMap { number, remote in
            let former = remotes[..<number].indices.first {
                addresses[$0] != nil && addresses[$0] == addresses[number]
                    && remotes[$0].endpoint?.value == remote.endpoint?.value
            }
            return former.map {
                ConfigurationProblem(
                    line: remote.url.line,
                    message:
                        "\(remote.place).url: the remote \(remotes[$0].name.value) has this URL already: "
                        + "give each one of its own"
                )
            }
        }
    }

    /// What is shipped must not be captured and shipped once more, and a copy must not go with its original.
    ///
    /// - Parameter places: the roots, of which there are `rootCount`, and the repository.
    private func problems(
        ofRemotesBeside places: [Place],
        _ rootCount: Int,
        _ followsRemotes: Bool
    ) -> [ConfigurationProblem] {
        let table = PlaceTable(places)
        return remotes.compactMap { remote in
            guard case .directory(let path)? = try? RemoteAddress(remote.url.value) else { return nil }
            let place = followsRemotes ? Place(path) : Place(unresolved: path)
            let own = PlaceTable([place])
            let inner = places.indices.first { own.holder(of: places[$0]) != nil }
            let outer = table.holder(of: place)
            guard let number = outer?.number ?? inner else { return nil }
            let relation = outer.map { $0.isSame ? "is" : "is in" } ?? "contains"
            let what = number < rootCount ? "the root" : "the repository"
            return ConfigurationProblem(
                line: remote.url.line,
                message: "\(remote.place).url: the directory \(path.printable) \(relation) \(what) "
                    + "\(places[number].written.printable): name one outside of roots and repository"
            )
        }
    }
}

extension Configuration.Remote {
    fileprivate var problems: [ConfigurationProblem] {
        func problem(_ key: String, _ line: Int, _ check: () throws -> Void) -> ConfigurationProblem? {
            do {
                try check()
                return nil
            } catch {
                return ConfigurationProblem(line: line, message: "\(place).\(key): \(error)")
            }
        }
        let ofURL = problem("url", url.line) { _ = try RemoteAddress(url.value) }
        // A directory needs neither.
        let isBucket = if case .bucket? = try? RemoteAddress(url.value) { true } else { false }
        let ofEndpoint = endpoint.flatMap { endpoint in
            problem("endpoint", endpoint.line) {
                if isBucket { _ = try S3Location.checked(endpoint: endpoint.value) }
            }
        }
        let ofRegion = region.flatMap { region in
            problem("region", region.line) { if isBucket { try S3Location.check(region: region.value) } }
        }
        let ofRecipients = recipients.flatMap { recipients in
            problem("recipients", recipients.line) { _ = try RemoteSettings(self).parsedRecipients() }
        }
        return [ofURL, ofEndpoint, ofRegion, ofRecipients].compactMap(\.self)
    }
}
