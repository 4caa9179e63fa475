extension SystemError {
    /// What was attempted, in words that follow "cannot".
    package enum Operation: String, Sendable {
        case acceptConnection = "accept a connection"
        case askForLocks = "ask for the locks of"
        case askWhoConnects = "ask who connects"
        case connectTo = "connect to"
        case create
        case enter
        case find
        case findWorkingDirectory = "find the working directory"
        case giveAway = "give away"
        case handleSignal = "handle a signal"
        case link
        case list
        case listenAt = "listen at"
        case lock
        case inspect = "inspect"
        case inspectSignal = "inspect a signal"
        case make
        case makeDirectory = "make a directory in"
        case makePipe = "make a pipe"
        case makeSocket = "make a socket"
        case open
        case read
        case readEvents = "read events"
        case readFromSocket = "read from the socket"
        case readOutput = "read the output of"
        case remove
        case rename
        case setMode = "set the mode of"
        case start
        case startThread = "start a thread"
        case startWatching = "start watching"
        case synchronise
        case truncate
        case waitForEvents = "wait for events"
        case watch
        case write
        case writeIn = "write in"
        case writeTo = "write to"
        case writeToSocket = "write to the socket"
        case writeToStandardOutput = "write to the standard output"
    }
}
