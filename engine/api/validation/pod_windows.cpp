// What concerns Windows pods. Source: pkg/apis/core/validation validateWindows*.
#include "api/validation/pod.h"

#include "base/strings.h"

#include <re2/re2.h>

#include <algorithm>

namespace api::validation {
namespace {

void userName(Errors& errors, const Value& value, const Path& path) {
    static const RE2 kNetBios(R"([^\\/:*?"<>|.][^\\/:*?"<>|]{0,14})");
    static const RE2 kDomain(R"([a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?)");
    static const RE2 kForbidden(R"(["/\\:;|=,+*?<>@\[\]])");
    static const RE2 kOnlyDots("[. ]+");
    const std::string name = value.text();
    const auto refuse = [&](const char* text) { errors.invalid(path, value, text); };
    if (name.empty()) return refuse("runAsUserName cannot be an empty string");
    const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    if (std::any_of(name.begin(), name.end(), control))
        return refuse("runAsUserName cannot contain control characters");
    const auto parts = base::split(name, '\\');
    if (parts.size() > 2) return refuse("runAsUserName cannot contain more than one backslash");
    const std::string domain = parts.size() == 2 ? parts[0] : std::string(), user = parts.back();
    if (domain.size() >= 256) refuse("runAsUserName's Domain length must be under 256 characters");
    if (parts.size() == 2 && !RE2::FullMatch(domain, kNetBios) && !RE2::FullMatch(domain, kDomain))
        refuse("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    if (user.empty()) refuse("runAsUserName's User cannot be empty");
    else if (user.size() > 104) refuse("runAsUserName's User length must not be longer than 104 characters");
    if (RE2::FullMatch(user, kOnlyDots)) refuse("runAsUserName's User cannot contain only periods or spaces");
    if (RE2::PartialMatch(user, kForbidden))
        refuse("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
}

} // namespace

void validateWindowsOptions(Errors& errors, const Value& options, const Path& path) {
    if (options.isNull()) return;
    if (const Value& name = options["gmsaCredentialSpecName"]; !name.isNull())
        errors.invalidEach(path.child("gmsaCredentialSpecName"), name, checkDns1123Subdomain(name.asString()));
    if (const Value& text = options["gmsaCredentialSpec"]; text.isString()) {
        if (text.asString().empty())
            errors.invalid(path.child("gmsaCredentialSpec"), text, "gmsaCredentialSpec cannot be an empty string");
        else if (text.asString().size() > 64 * 1024)
            errors.invalid(path.child("gmsaCredentialSpec"), text, "gmsaCredentialSpec size must be under 64 KiB");
    }
    if (options["runAsUserName"].isString())
        userName(errors, options["runAsUserName"], path.child("runAsUserName"));
}

// All containers are processes of the host, or none.
void validateHostProcess(Errors& errors, const Value& spec, const Path& path) {
    const Value& ofPod = spec["securityContext"]["windowsOptions"]["hostProcess"];
    int containers = 0, processes = 0;
    visitContainers(spec, path, [&](const Value& container, const Path& at) {
        ++containers;
        const Value& own = container["securityContext"]["windowsOptions"]["hostProcess"];
        if (!ofPod.isNull() && !own.isNull() && ofPod.asBool() != own.asBool())
            errors.invalid(at.child("securityContext", "windowsOptions", "hostProcess"), own,
                           std::string("pod hostProcess value must be identical if both are specified, was ") +
                               (ofPod.asBool() ? "true" : "false"));
        if (own.isNull() ? ofPod.asBool() : own.asBool()) ++processes;
    });
    if (processes == 0) return;
    if (processes != containers)
        errors.invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess "
                                 "containers");
    if (!spec["hostNetwork"].asBool())
        errors.invalid(path.child("hostNetwork"), false,
                       "hostNetwork must be true if pod contains any hostProcess containers");
}

} // namespace api::validation
