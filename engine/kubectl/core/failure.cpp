#include "kubectl/core/failure.h"

#include "api/status.h"
#include "document/json.h"
#include "kubectl/core/errors.h"

namespace kubectl {

using document::Value;

namespace {
constexpr std::size_t kMaxText = 1500;
constexpr std::size_t kMaxStatuses = 8;
} // namespace

void recordFailure(ports::Process& process, const base::Error& error, const std::string& text, int code) {
    document::ArrayBuilder argv, statuses;
    for (const std::string& word : process.argv()) argv.push(word);
    std::size_t count = 0;
    for (const base::Error& each : flatten(error)) {
        const auto* detail = dynamic_cast<const api::StatusDetail*>(each.detail.get());
        if (detail != nullptr && ++count <= kMaxStatuses) statuses.push(detail->status);
    }
    document::ObjectBuilder failure;
    failure.set("argv", std::move(argv).build());
    failure.set("cwd", process.cwd());
    failure.set("code", code);
    failure.set("text", text.substr(0, kMaxText));
    failure.set("statuses", std::move(statuses).build());
    sim::Kernel& kernel = process.kernel();
    kernel.trace().record(kernel.now(), "failure", document::writeJson(std::move(failure).build()), process.hostname());
}

} // namespace kubectl
