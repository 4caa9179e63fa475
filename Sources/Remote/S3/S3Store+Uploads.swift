import WebClient

extension S3Store {
    package func beginUpload(_ name: ObjectName) async throws(RemoteError) -> UploadID {
        var request = S3Request(.post, name)
        request.query = [("uploads", "")]
        let answer = try await send(request)
        guard answer.status == 200 else { throw error(answer, name) }
        // rclone has a name of its own.
        let names = ["InitiateMultipartUploadResult", "InitiateMultipartUpload"]
        let root = names.lazy.compactMap { S3Answer.root(answer.content, $0) }.first
        guard let upload = root?["UploadId"], !upload.isEmpty else {
            throw unreadable("the name of an upload")
        }
        return UploadID(upload)
    }

    package func putPart(
        _ number: Int,
        of upload: UploadID,
        _ name: ObjectName,
        _ content: [UInt8]
    ) async throws(RemoteError) -> UploadedPart {
        var request = S3Request(.put, name)
        request.query = [("partNumber", "\(number)"), ("uploadId", upload.text)]
        request.content = content
        request.isChecked = true
        let answer = try await send(request)
        guard answer.status == 200 else { throw error(answer, name) }
        guard let tag = answer.header("ETag") else { throw unreadable("the tag of a part") }
        return UploadedPart(number: number, sizeBytes: UInt64(content.count), tag: tag)
    }

    package func parts(of upload: UploadID, _ name: ObjectName) async throws(RemoteError) -> [UploadedPart] {
        var parts: [UploadedPart] = []
        var last = 0
        while true {
            var request = S3Request(.get, name)
            request.query = [("uploadId", upload.text), ("max-parts", "1000")]
            if last > 0 { request.query.append(("part-number-marker", "\(last)")) }
            let answer = try await send(request)
            guard answer.status == 200 else { throw error(answer, name) }
            guard let page = S3PartList(answer.content) else { throw unreadable("a list of parts") }
            // SeaweedFS lists a part that was sent twice both times.
            for part in page.parts where part.number != parts.last?.number { parts.append(part) }
            guard let next = page.next else { return parts }
            guard next > last else { throw unreadable("a list of parts") }
            last = next
        }
    }

    package func completeUpload(
        _ upload: UploadID,
        _ name: ObjectName,
        _ parts: [UploadedPart]
    ) async throws(RemoteError) {
        let elements = parts.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\(S3Answer.escaped($0.tag))</ETag></Part>"
        }
        let document =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + elements.joined() + "</CompleteMultipartUpload>"
        var request = S3Request(.post, name)
        request.query = [("uploadId", upload.text)]
        request.headers = [("Content-Type", "application/xml")]
        request.content = Array(document.utf8)
        let answer = try await send(request)
        guard answer.status == 200 else { throw error(answer, name) }
        // The store says 200 when it begins to put the parts together, and only later whether it could.
        // Moto calls its answer otherwise, depending on its version.
        if S3Answer.root(answer.content, beginning: "CompleteMultipartUpload") != nil { return }
        guard S3Answer.root(answer.content, "Error") != nil else { throw unreadable("an answer") }
        throw error(answer, name)
    }

    package func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        var request = S3Request(.delete, name)
        request.query = [("uploadId", upload.text)]
        let answer = try await send(request)
        if 200..<300 ~= answer.status { return }
        let error = error(answer, name)
        guard error.kind == .missing else { throw error }
    }

    package func uploads(
        _ prefix: String
    ) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] {
        var uploads: [(name: ObjectName, upload: UploadID)] = []
        var last: S3UploadList.Marker?
        while true {
            var request = S3Request(.get, nil)
            request.query = [
                ("uploads", ""), ("encoding-type", "url"), ("max-uploads", "1000"),
                ("prefix", location.key(prefix)),
            ]
            if let last {
                request.query += [("key-marker", last.key), ("upload-id-marker", last.upload)]
            }
            let answer = try await send(request)
            guard answer.status == 200 else { throw error(answer, nil) }
            guard let page = S3UploadList(answer.content) else { throw unreadable("a list of uploads") }
            uploads += page.uploads.compactMap { found in
                location.name(found.key).map { ($0, UploadID(found.upload)) }
            }
            guard let next = page.next else { return uploads }
            guard next != last else { throw unreadable("a list of uploads") }
            last = next
        }
    }
}
