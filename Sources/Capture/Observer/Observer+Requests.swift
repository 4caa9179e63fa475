import LinuxSystem
import RepositoryFormat

extension Observer {
    /// Takes new requests: every file is checked once more, whatever events reported.
    func takeRequests() {
        let requests = requests.takeRequests()
        guard !requests.isEmpty else { return }
        progress.add(requests)
        try? root.readEvents()
        root.makeRound()
        if !context.polled.isEmpty { root.poll() }
        root.makeUpForLoss()
    }

    /// Passes on the requests for which every file has been captured since, and the news that all is.
    func answerRequests() {
        let trackers = root.files.trackers.values
        if root.files.tree.listing.isComplete, progress.becomesReady(trackers) { reportReady() }
        guard progress.isWaiting, !root.events.hasGaps, root.isThrough else { return }
        for answer in progress.takeAnswers(trackers) {
            if !answer.isComplete { context.meter.passOver(answer.request.number) }
            context.queue.put(answer.request.step)
        }
    }

    private func reportReady() {
        root.files.tree.omissions.firstCaptureIsOver()
        let trackers = root.files.trackers.values
        let protected = trackers.filter { $0.state.image != nil }
        context.meter.update { status in
            status.files = protected.count
            status.databases = protected.count { $0.kind == .database }
        }
        context.meter.reportLeftOut()
        if trackers.contains(where: { $0.state.ledger.capturedThrough == nil }) {
            context.meter.passOver(DurabilityWaiters.readyBarrier)
        }
        context.queue.put(.barrier(DurabilityWaiters.readyBarrier))
    }
}
