#include "apiserver/identity_lease.h"

#include "apiserver/core.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

constexpr std::int64_t kLeaseSeconds = 3600;
constexpr sim::Duration kRenewal = 10 * sim::kSecond;

// RFC 4648, in small letters and without padding.
std::string base32(std::string_view bytes) {
    static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz234567";
    std::string out;
    std::uint32_t kept = 0;
    int bits = 0;
    for (const char c : bytes) {
        kept = kept << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 5; bits -= 5) out += kLetters[kept >> (bits - 5) & 31];
    }
    if (bits > 0) out += kLetters[kept << (5 - bits) & 31];
    return out;
}

void renewLease(Core& core, const std::string& name, const std::string& holder) {
    const api::ResourceInfo* leases = core.kinds.find("coordination.k8s.io", "v1", "leases");
    if (leases == nullptr) return;
    auto stored = readStored(core, *leases, "kube-system", name);
    if (!stored.ok()) return;
    Context writer;
    writer.fieldManager = "kube-apiserver";
    writer.user.name = "system:apiserver";
    const Value renewed(sim::formatRfc3339Micro(core.kernel.unixNow()));
    Value lease;
    if (stored.value()) {
        lease = stored.value()->value;
    } else {
        const Value labels = Value::object(
            {{"apiserver.kubernetes.io/identity", "kube-apiserver"}, {"kubernetes.io/hostname", core.config.hostname}});
        const Value meta = Value::object({{"name", name},
                                          {"namespace", "kube-system"},
                                          {"uid", core.kernel.random("apiserver/uid").uuid()},
                                          {"creationTimestamp", core.now()},
                                          {"labels", labels}});
        lease = Value::object({{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", meta}});
    }
    const Value spec = Value::object(
        {{"holderIdentity", holder}, {"leaseDurationSeconds", kLeaseSeconds}, {"renewTime", renewed}});
    const Value before = stored.value() ? stored.value()->value : Value();
    Value next = trackUpdate(core, writer, *leases, before, lease.with("spec", spec), "");
    (void)writeStored(core, *leases, std::move(next), stored.value() ? stored.value()->revision : 0);
}

sim::Task<void> keepLease(Core* core) {
    const std::string name = serverIdentity(core->config.hostname);
    const std::string holder = name + "_" + core->kernel.random("apiserver/identity").uuid();
    while (true) {
        renewLease(*core, name, holder);
        co_await sim::sleepFor(core->kernel, kRenewal);
    }
}

} // namespace

std::string serverIdentity(std::string_view hostname) {
    // Both parts go in behind their lengths of two bytes.
    std::string data;
    for (const std::string_view part : {hostname, std::string_view("kube-apiserver")}) {
        data += static_cast<char>(part.size() >> 8);
        data += static_cast<char>(part.size() & 0xff);
        data += part;
    }
    return "apiserver-" + base32(pki::sha256(data).substr(0, 16));
}

void startIdentityLease(Core& core) {
    if (!core.config.hostname.empty()) core.scope.spawn(keepLease(&core), "apiserver-lease");
}

} // namespace apiserver
