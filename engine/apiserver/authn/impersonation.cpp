// Source: apiserver pkg/endpoints/filters/impersonation.
#include "apiserver/core.h"
#include "base/strings.h"

namespace apiserver {

namespace {

struct Target {
    std::string group, resource, subresource, ns, name;
};

base::Status check(Core& core, const UserInfo& user, const Target& target) {
    Attributes attributes;
    attributes.user = user;
    attributes.verb = "impersonate";
    attributes.group = target.group;
    attributes.version = "v1";
    attributes.resource = target.resource;
    attributes.subresource = target.subresource;
    attributes.ns = target.ns;
    attributes.name = target.name;
    const Decision decision = authorize(core, attributes);
    if (!decision.allowed) return forbiddenError(attributes, decision.reason);
    return base::okStatus();
}

base::Error withoutUser(const std::vector<std::string>& groups, const std::string& uid) {
    std::vector<std::string> parts;
    for (const std::string& group : groups) parts.push_back("{Group  " + group + "    }");
    if (!uid.empty()) parts.push_back("{UID  " + uid + "    }");
    return api::badRequest("requested [" + base::join(parts, " ") + "] without impersonating a user");
}

} // namespace

base::Status impersonate(Core& core, Context& context) {
    const ports::Headers& headers = context.request.headers;
    const std::string name(headers.get("Impersonate-User"));
    const std::vector<std::string> groups = headers.all("Impersonate-Group");
    const std::string uid(headers.get("Impersonate-Uid"));
    if (name.empty() && groups.empty() && uid.empty()) return base::okStatus();
    if (name.empty()) return withoutUser(groups, uid);
    UserInfo target;
    target.name = name;
    target.groups = groups;
    target.uid = uid;
    const auto parts = base::split(name, ':');
    if (name.starts_with("system:serviceaccount:") && parts.size() == 4) {
        BASE_CHECK(check(core, context.user, {"", "serviceaccounts", "", parts[2], parts[3]}));
        if (groups.empty())
            target.groups = {"system:serviceaccounts", "system:serviceaccounts:" + parts[2]};
    } else {
        BASE_CHECK(check(core, context.user, {"", "users", "", "", name}));
    }
    for (const std::string& group : groups)
        BASE_CHECK(check(core, context.user, {"", "groups", "", "", group}));
    if (!uid.empty())
        BASE_CHECK(check(core, context.user, {"authentication.k8s.io", "uids", "", "", uid}));
    for (const auto& [header, value] : headers.list()) {
        const std::string lower = base::toLower(header);
        constexpr std::string_view kExtra = "impersonate-extra-";
        if (!lower.starts_with(kExtra)) continue;
        const std::string key = ports::percentDecode(lower.substr(kExtra.size()));
        BASE_CHECK(check(core, context.user, {"authentication.k8s.io", "userextras", key, "", value}));
        target.extra[key].push_back(value);
    }
    const char* group = name == "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
    if (!target.inGroup(group)) target.groups.push_back(group);
    context.impersonator = context.user;
    context.user = std::move(target);
    return base::okStatus();
}

} // namespace apiserver
