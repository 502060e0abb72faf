// Images of the machine, pulls and statistics.

#include "base/strings.h"
#include "ports/image_reference.h"
#include "runtime/simulated/containerd.h"

#include <cerrno>

namespace runtime {
namespace {

constexpr sim::Duration kLookupTimeout = 5 * sim::kSecond;
constexpr std::uint64_t kPullBytesPerSecond = 60'000'000;

// A question for the A record of a name, as a resolver sends it (RFC 1035).
std::string dnsQuestion(std::string_view name, std::uint16_t id) {
    std::string out;
    out += static_cast<char>(id >> 8);
    out += static_cast<char>(id & 0xff);
    out += std::string("\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);
    for (const std::string& label : base::split(name, '.')) {
        out += static_cast<char>(label.size());
        out += label;
    }
    out += std::string("\x00\x00\x01\x00\x01", 5);
    return out;
}

std::string nameserverOf(const std::string& resolvConf) {
    for (const std::string& line : base::splitLines(resolvConf)) {
        const std::vector<std::string> words = base::splitFields(line);
        if (words.size() > 1 && words[0] == "nameserver") return words[1];
    }
    return "127.0.0.1";
}

} // namespace

ImageRecordPtr Containerd::findLocal(std::string_view reference) const {
    if (reference.rfind("sha256:", 0) == 0) {
        const auto present = localNames_.find(std::string(reference));
        return present == localNames_.end() ? nullptr : catalogue_.find(reference);
    }
    const auto parsed = ports::parseImageReference(reference);
    if (!parsed.ok()) return nullptr;
    const ImageRecordPtr image = catalogue_.find(parsed->text());
    if (!image) return nullptr;
    const auto present = localNames_.find(image->id);
    if (present == localNames_.end() || present->second.count(parsed->text()) == 0) return nullptr;
    return image;
}

ports::CriImage Containerd::describe(const ImageRecord& image, const std::set<std::string>& names) const {
    ports::CriImage out;
    out.id = image.id;
    out.tags.assign(names.begin(), names.end());
    out.size = image.size;
    out.pinned = image.pinned;
    const std::string user = base::splitLimited(image.user + ":", ':', 2)[0];
    if (const auto number = base::parseInt(user)) out.user = *number;
    else out.userName = user;
    if (user.empty()) out.user = 0;
    return out;
}

sim::Task<base::Result<std::vector<ports::CriImage>>> Containerd::listImages() {
    BASE_CO_CHECK(available());
    std::vector<ports::CriImage> out;
    for (const auto& [id, names] : localNames_)
        if (const ImageRecordPtr image = catalogue_.find(id)) out.push_back(describe(*image, names));
    co_return out;
}

sim::Task<base::Result<std::optional<ports::CriImage>>> Containerd::imageStatus(std::string image) {
    BASE_CO_CHECK(available());
    std::optional<ports::CriImage> out;
    ImageRecordPtr found = findLocal(image);
    if (!found) {
        // crictl accepts the beginning of an image id.
        for (const auto& [id, names] : localNames_)
            if (image.size() >= 5 && id.compare(7, image.size(), image) == 0) found = catalogue_.find(id);
    }
    if (found) out = describe(*found, localNames_[found->id]);
    co_return out;
}

// The name of the registry is looked up for real; what the machine's resolver does decides the text.
sim::Task<base::Status> Containerd::resolveRegistry(std::string domain, std::string reference,
                                                    std::string url) {
    const std::string prefix = "failed to pull and unpack image \"" + reference +
                               "\": failed to resolve reference \"" + reference + "\": failed to do request: Head \"" +
                               url + "\": dial tcp: lookup " + domain + " on ";
    const std::string server = nameserverOf(host_.files().read("/etc/resolv.conf").valueOr(""));
    const auto address = base::IpAddress::parse(server);
    if (!address) co_return base::makeError(prefix + server + ":53: no such host", ports::kCriUnknown);
    std::string failure;
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto id = static_cast<std::uint16_t>(host_.kernel().random("runtime/dns").below(65536));
        const base::Endpoint to{*address, 53};
        auto answer = co_await host_.network().exchangeUdp(to, dnsQuestion(domain, id), kLookupTimeout);
        if (answer.ok()) {
            const bool found = answer->bytes.size() > 7 && (answer->bytes[3] & 0x0f) == 0 &&
                               (answer->bytes[6] != 0 || answer->bytes[7] != 0);
            if (found) co_return base::okStatus();
            co_return base::makeError(prefix + server + ":53: no such host", ports::kCriUnknown);
        }
        const auto port = 32768 + host_.kernel().random("runtime/dns").below(28000);
        const auto local = host_.network().addresses();
        std::string source = server;
        for (const base::IpPrefix& own : local)
            if (own.address.isV4() && !own.address.isLoopback() && !address->isLoopback()) {
                source = own.address.text();
                break;
            }
        const std::string pair = source + ":" + std::to_string(port) + "->" + server + ":53: ";
        failure = answer.error().code == ECONNREFUSED ? "read udp " + pair + "read: connection refused"
                  : answer.error().code == ETIMEDOUT  ? "read udp " + pair + "i/o timeout"
                                                      : "dial udp " + server + ":53: connect: " + answer.error().message;
    }
    co_return base::makeError(prefix + server + ":53: " + failure, ports::kCriUnknown);
}

sim::Task<base::Result<std::string>> Containerd::pullImage(std::string image) {
    BASE_CO_CHECK(available());
    const auto parsed = ports::parseImageReference(image);
    if (!parsed.ok())
        co_return base::makeError("failed to parse image reference \"" + image + "\": " + parsed.error().message,
                                  ports::kCriInvalidArgument);
    const std::string reference = parsed->text();
    const std::string host = parsed->domain == "docker.io" ? "registry-1.docker.io" : parsed->domain;
    const std::string version = parsed->digest.empty() ? parsed->tag : parsed->digest;
    if (!online_) {
        const std::string name = base::split(host, ':')[0];
        auto resolved = co_await resolveRegistry(name, reference,
                                                 "https://" + host + "/v2/" + parsed->repository +
                                                     "/manifests/" + version);
        if (!resolved.ok()) co_return std::move(resolved).error();
        co_return base::makeError("failed to pull and unpack image \"" + reference +
                                      "\": failed to resolve reference \"" + reference +
                                      "\": failed to do request: Head \"https://" + host + "/v2/" +
                                      parsed->repository + "/manifests/" + version +
                                      "\": dial tcp: i/o timeout",
                                  ports::kCriUnknown);
    }
    const ImageRecordPtr found = catalogue_.find(reference);
    if (!found) {
        co_await sim::sleepFor(host_.kernel(), 900 * sim::kMillisecond);
        co_return base::makeError("failed to pull and unpack image \"" + reference +
                                      "\": failed to resolve reference \"" + reference + "\": " + reference +
                                      ": not found",
                                  ports::kCriNotFound);
    }
    const sim::Duration time = 600 * sim::kMillisecond +
                               static_cast<sim::Duration>(found->size * 1000 / kPullBytesPerSecond) *
                                   sim::kMillisecond;
    co_await sim::sleepFor(host_.kernel(), time);
    BASE_CO_CHECK(available());
    localNames_[found->id].insert(reference);
    co_return found->id;
}

sim::Task<base::Status> Containerd::removeImage(std::string image) {
    BASE_CO_CHECK(available());
    if (image.rfind("sha256:", 0) == 0) {
        localNames_.erase(image);
        co_return base::okStatus();
    }
    const ImageRecordPtr found = findLocal(image);
    if (!found) co_return base::okStatus();
    const auto parsed = ports::parseImageReference(image);
    auto& names = localNames_[found->id];
    names.erase(parsed->text());
    if (names.empty()) localNames_.erase(found->id);
    co_return base::okStatus();
}

sim::Task<base::Result<ports::CriFsUsage>> Containerd::imageFsInfo() {
    BASE_CO_CHECK(available());
    ports::CriFsUsage out;
    out.mountpoint = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs";
    for (const auto& [id, names] : localNames_)
        if (const ImageRecordPtr image = catalogue_.find(id)) {
            out.usedBytes += image->size;
            out.inodesUsed += catalogue_.content(*image)->files.size();
        }
    co_return out;
}

void Containerd::meter(Container& container) {
    const std::int64_t now = host_.kernel().unixNow();
    const std::int64_t elapsed = now - std::max(container.meteredAt, container.info.startedAt);
    if (elapsed <= 0) return;
    const std::uint64_t work = host_.cpuTimeOf(container.info.id);
    std::uint64_t used = work - std::min(work, container.workSeen);
    const ports::CriResources& limits = container.info.resources;
    if (limits.cpuQuota > 0 && limits.cpuPeriod > 0) {
        const double share = static_cast<double>(limits.cpuQuota) / static_cast<double>(limits.cpuPeriod);
        used = std::min(used, static_cast<std::uint64_t>(share * static_cast<double>(elapsed)));
    }
    container.workSeen = work;
    container.cpuTime += used;
    container.cpuRate = static_cast<std::uint64_t>(static_cast<double>(used) / static_cast<double>(elapsed) * 1e9);
    container.meteredAt = now;
}

sim::Task<base::Result<std::vector<ports::CriStats>>> Containerd::listStats(ports::CriFilter filter) {
    BASE_CO_CHECK(available());
    std::vector<ports::CriStats> out;
    for (const std::string& id : order_) {
        Container& item = *containers_.find(id)->second;
        if (item.info.state != ports::CriContainerState::Running || !matches(filter, item.info)) continue;
        ports::CriStats stats;
        stats.containerId = id;
        stats.sandboxId = item.info.sandboxId;
        stats.name = item.info.name;
        stats.timestamp = host_.kernel().unixNow();
        stats.memoryUsage = stats.memoryWorkingSet = host_.memoryOf(id);
        meter(item);
        stats.cpuNanoseconds = item.cpuTime;
        stats.cpuNanoCores = item.cpuRate;
        stats.startedAt = item.info.startedAt;
        stats.rootfsUsed = 40960;
        out.push_back(stats);
    }
    co_return out;
}

} // namespace runtime
