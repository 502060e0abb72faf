#include "api/validation/pod_twins.h"

#include <algorithm>

namespace api::validation {
namespace {

// Do two objects share all their members but for some?
bool sharesAllBut(std::initializer_list<std::string_view> names, const Value& a, const Value& b) {
    const auto same = [&](const Member& x, const Member& y) {
        const std::string_view key = x.key.view(), other = y.key.view();
        if (key.data() != other.data() && key != other) return false; // nearly all keys are shared
        return x.value.sameAs(y.value) || contains(names, key);
    };
    const auto left = a.members(), right = b.members();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same);
}

struct Renaming {
    std::string_view from, to;
};

// The one volume that has another name now, if any; false when there is another difference.
bool findRenaming(const Value& volumes, const Value& known, Renaming& renaming) {
    if (volumes.size() != known.size()) return false;
    for (std::size_t i = 0; i < volumes.size(); ++i) {
        if (volumes[i].sameAs(known[i])) continue;
        if (!renaming.from.empty() || !sharesAllBut({"name"}, volumes[i], known[i])) return false;
        renaming = {known[i]["name"].asString(), volumes[i]["name"].asString()};
    }
    if (renaming.from.empty()) return true;
    std::size_t owners = 0;
    for (const Value& volume : volumes.items()) owners += volume["name"].asString() == renaming.to ? 1 : 0;
    return owners == 1 && checkDns1123Label(renaming.to).empty();
}

bool mountsFollow(const Value& mounts, const Value& known, const Renaming& renaming) {
    if (mounts.size() != known.size()) return false;
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        const bool moved = known[i]["name"].asString() == renaming.from;
        if (!moved && !mounts[i].sameAs(known[i])) return false;
        if (moved && (mounts[i]["name"].asString() != renaming.to || !sharesAllBut({"name"}, mounts[i], known[i])))
            return false;
    }
    return true;
}

bool containersFollow(const Value& containers, const Value& known, const Renaming& renaming) {
    if (containers.size() != known.size()) return false;
    for (std::size_t i = 0; i < containers.size(); ++i)
        if (!sharesAllBut({"volumeMounts"}, containers[i], known[i]) ||
            !mountsFollow(containers[i]["volumeMounts"], known[i]["volumeMounts"], renaming))
            return false;
    return true;
}

} // namespace

bool LastGood::covers(const Value& spec) const {
    if (spec_.isNull()) return false;
    if (spec.sameAs(spec_)) return true;
    // Ephemeral containers mount volumes, too, but no template has any.
    if (!sharesAllBut({"volumes", "containers", "initContainers"}, spec, spec_) || spec.has("ephemeralContainers")) return false;
    Renaming renaming;
    if (!findRenaming(spec["volumes"], spec_["volumes"], renaming)) return false;
    return containersFollow(spec["containers"], spec_["containers"], renaming) &&
           containersFollow(spec["initContainers"], spec_["initContainers"], renaming);
}

} // namespace api::validation
