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
        if !isListingCutShort, !isListing, progress.becomesReady(trackers.values) { tellReady() }
        guard progress.isWaiting, lossReason == nil, !mustCheckPlaces, !isListing, queue.isRoundOver,
            changedDirectories.isEmpty
        else { return }
        for answer in progress.takeAnswers(trackers.values) {
            let request = answer.request
            if !answer.isComplete { context.meter.passOver(request.number) }
            if !request.annotations.isEmpty {
                context.queue.put(.annotate(request.annotations, barrier: request.number))
            } else if request.endsSegment {
                context.queue.put(.endSegment(barrier: request.number))
            } else {
                context.queue.put(.barrier(request.number))
            }
        }
    }

    private func tellReady() {
        let protected = trackers.values.filter { $0.state.image != nil }
        context.meter.update { status in
            status.files = protected.count
            status.databases = protected.count { $0.kind == .database }
        }
        context.meter.tellOfLeftOut()
        if trackers.values.contains(where: { $0.state.ledger.capturedThrough == nil }) {
            context.meter.passOver(DurabilityWaiters.readyBarrier)
        }
        context.queue.put(.barrier(DurabilityWaiters.readyBarrier))
    }
}
