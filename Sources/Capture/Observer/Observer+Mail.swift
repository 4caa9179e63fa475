import LinuxSystem
import RepositoryFormat

extension Observer {
    /// Takes new requests: every file is looked at once more, whatever the events said.
    func takeMail() {
        let requests = requests.takeRequests()
        guard !requests.isEmpty else { return }
        progress.add(requests)
        try? readAllEvents()
        makeRound()
        if !context.polled.isEmpty { poll() }
        makeUpForLoss()
    }

    /// Passes on the requests for which every file has been captured since, and the news that all is.
    func answerMail() {
        let trackers = files.trackers.values
        if files.tree.listing.isComplete, progress.becomesReady(trackers) { tellReady() }
        guard progress.isWaiting, !events.hasGaps, isThrough else { return }
        for answer in progress.takeAnswers(trackers) {
            if !answer.isComplete { context.meter.passOver(answer.request.number) }
            context.queue.put(answer.request.step)
        }
    }

    /// Every file is found that was to be looked for.
    var isThrough: Bool {
        !files.tree.listing.isGoingOn && files.queue.isRoundOver && !files.tree.directories.hasChanged
    }

    private func tellReady() {
        files.tree.omissions.firstCaptureIsOver()
        let trackers = files.trackers.values
        let protected = trackers.filter { $0.state.image != nil }
        context.meter.update { status in
            status.files = protected.count
            status.databases = protected.count { $0.kind == .database }
        }
        context.meter.tellOfLeftOut()
        if trackers.contains(where: { $0.state.ledger.capturedThrough == nil }) {
            context.meter.passOver(DurabilityWaiters.readyBarrier)
        }
        context.queue.put(.barrier(DurabilityWaiters.readyBarrier))
    }
}
