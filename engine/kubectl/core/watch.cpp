#include "kubectl/core/watch.h"

namespace kubectl {

sim::Task<base::Result<WatchChannel>> openWatch(Session& session, WatchOptions options) {
    ports::Request request;
    request.path = options.path;
    request.headers.set("Accept", options.accept);
    if (!options.labelSelector.empty()) request.query.set("labelSelector", options.labelSelector);
    if (!options.fieldSelector.empty()) request.query.set("fieldSelector", options.fieldSelector);
    if (!options.resourceVersion.empty()) request.query.set("resourceVersion", options.resourceVersion);
    if (options.timeoutSeconds > 0)
        request.query.set("timeoutSeconds", std::to_string(options.timeoutSeconds));
    request.query.set("watch", "true");
    auto answer = co_await session.send(std::move(request));
    if (!answer.ok()) co_return answer.error();
    ports::Response& response = answer.value();
    if (response.status < 200 || response.status > 299) co_return client::errorFromResponse(response);
    if (!response.watch) co_return base::makeError("the server did not answer with a watch");
    co_return response.watch;
}

} // namespace kubectl
