#include "kubectl/core/mapper.h"

#include "base/strings.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {
bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}
std::vector<std::string> texts(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) out.push_back(item.text());
    return out;
}
} // namespace

bool Mapping::hasVerb(std::string_view verb) const { return contains(verbs, verb); }
bool Mapping::hasSubresource(std::string_view name) const { return contains(subresources, name); }

std::string Mapping::path(std::string_view ns, std::string_view name,
                          std::string_view subresource) const {
    std::string out = group.empty() ? "/api" : "/apis/" + group;
    if (!version.empty()) out += "/" + version;
    if (namespaced && !ns.empty()) out.append("/namespaces/").append(ns);
    out.append("/").append(plural);
    if (!name.empty()) out.append("/").append(name);
    if (!subresource.empty()) out.append("/").append(subresource);
    return out;
}

const api::ResourceInfo* Mapping::builtin() const {
    const api::ResourceInfo* found = api::builtinKinds().find(group, version, plural);
    return found != nullptr ? found : api::builtinKinds().findByKind(group, version, kind);
}

std::string shortForm(const Mapping& mapping, std::string_view name) {
    std::string out = base::toLower(mapping.kind);
    if (!mapping.group.empty()) out += "." + mapping.group;
    return out + "/" + std::string(name);
}

void Mapper::add(const Value& discovery) {
    for (const Value& group : discovery["items"].items()) {
        const std::string groupName = group.at("metadata", "name").text();
        bool first = true;
        for (const Value& version : group["versions"].items()) {
            const std::string versionName = version["version"].text();
            const std::string gv = groupName.empty() ? versionName : groupName + "/" + versionName;
            groupVersions_.push_back(gv);
            if (version["freshness"].asString() == "Stale") {
                stale_.push_back(gv);
                continue;
            }
            for (const Value& item : version["resources"].items()) {
                Mapping m;
                m.group = groupName;
                m.version = versionName;
                m.plural = item["resource"].text();
                m.kind = item.at("responseKind", "kind").text();
                m.singular = item["singularResource"].text();
                if (m.singular.empty()) m.singular = base::toLower(m.kind);
                m.namespaced = item["scope"].asString() == "Namespaced";
                m.preferred = first;
                m.shortNames = texts(item["shortNames"]);
                m.categories = texts(item["categories"]);
                m.verbs = texts(item["verbs"]);
                for (const Value& sub : item["subresources"].items())
                    m.subresources.push_back(sub["subresource"].text());
                if (!m.kind.empty()) resources_.push_back(std::move(m));
            }
            first = false;
        }
    }
}

// One line each: "v" and a group version, or "r" and the fields of a resource.
std::string Mapper::text() const {
    std::string out;
    for (const std::string& gv : groupVersions_) out += "v\t" + gv + "\n";
    for (const Mapping& m : resources_) {
        out += "r\t" + m.group + "\t" + m.version + "\t" + m.plural + "\t" + m.singular + "\t" + m.kind + "\t" +
               (m.namespaced ? "n" : "c") + (m.preferred ? "p" : "-");
        for (const auto* list : {&m.shortNames, &m.categories, &m.verbs, &m.subresources})
            out += "\t" + base::join(*list, ",");
        out += "\n";
    }
    return out;
}

bool Mapper::readText(std::string_view text) {
    const auto list = [](const std::string& field) {
        return field.empty() ? std::vector<std::string>() : base::split(field, ',');
    };
    std::size_t at = 0;
    bool good = true;
    while (good && at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const auto fields = base::split(text.substr(at, end - at), '\t');
        at = end + 1;
        if (fields.size() == 2 && fields[0] == "v") {
            groupVersions_.push_back(fields[1]);
        } else if (fields.size() == 11 && fields[0] == "r" && fields[6].size() == 2) {
            Mapping m;
            m.group = fields[1], m.version = fields[2], m.plural = fields[3], m.singular = fields[4], m.kind = fields[5];
            m.namespaced = fields[6][0] == 'n', m.preferred = fields[6][1] == 'p';
            m.shortNames = list(fields[7]), m.categories = list(fields[8]);
            m.verbs = list(fields[9]), m.subresources = list(fields[10]);
            resources_.push_back(std::move(m));
        } else good = false;
    }
    good = good && !resources_.empty();
    if (!good) *this = Mapper();
    return good;
}

const Mapping* Mapper::match(std::string_view resource, std::string_view version,
                             std::string_view group, bool hasGroup) const {
    const std::string name = base::toLower(resource);
    const auto fits = [&](const Mapping& m, bool prefix) {
        if (!version.empty() && m.version != version) return false;
        if (!hasGroup) return true;
        return prefix ? m.group.compare(0, group.size(), group) == 0 : m.group == group;
    };
    for (const bool prefix : {false, true}) {
        if (prefix && (!hasGroup || group.empty())) break;
        for (int pass = 0; pass < 2; ++pass) {
            const Mapping* fallback = nullptr;
            for (const Mapping& m : resources_) {
                if (!fits(m, prefix)) continue;
                const bool named = pass == 0 ? m.plural == name || m.singular == name
                                             : contains(m.shortNames, name);
                if (!named) continue;
                if (m.preferred) return &m;
                if (fallback == nullptr) fallback = &m;
            }
            if (fallback != nullptr) return fallback;
        }
    }
    return nullptr;
}

// Source: schema.ParseResourceArg, Builder.mappingFor.
const Mapping* Mapper::find(std::string_view argument) const {
    const auto parts = base::splitLimited(argument, '.', 3);
    // A short name stands for the kind, whatever version is asked for.
    if (parts.size() == 3)
        for (const Mapping& m : resources_)
            if (m.preferred && m.group.starts_with(parts[2]) && contains(m.shortNames, base::toLower(parts[0]))) return &m;
    if (parts.size() == 3)
        if (const Mapping* found = match(parts[0], parts[1], parts[2], true)) return found;
    const auto two = base::splitLimited(argument, '.', 2);
    if (const Mapping* found = match(two[0], {}, two.size() > 1 ? std::string_view(two[1]) : "", two.size() > 1))
        return found;
    // As a kind.
    if (parts.size() == 3)
        if (const Mapping* found = findKind(parts[2], parts[1], parts[0])) return found;
    if (two.size() > 1) return findKind(two[1], {}, two[0]);
    for (const Mapping& m : resources_)
        if (m.kind == argument && m.preferred) return &m;
    return nullptr;
}

const Mapping* Mapper::findKind(std::string_view group, std::string_view version,
                                std::string_view kind) const {
    const Mapping* fallback = nullptr;
    for (const Mapping& m : resources_) {
        if (m.group != group || m.kind != kind) continue;
        if (!version.empty() ? m.version == version : m.preferred) return &m;
        if (fallback == nullptr) fallback = &m;
    }
    return version.empty() ? fallback : nullptr;
}

std::vector<const Mapping*> Mapper::category(std::string_view name) const {
    std::vector<const Mapping*> out;
    for (const Mapping& m : resources_)
        if (m.preferred && contains(m.categories, name)) out.push_back(&m);
    return out;
}

Mapping mappingOf(const api::ResourceInfo& info) {
    Mapping m;
    m.group = info.group;
    m.version = info.version;
    m.plural = info.plural;
    m.kind = info.kind;
    m.singular = info.singular.empty() ? base::toLower(info.kind) : info.singular;
    m.namespaced = info.namespaced;
    m.shortNames = info.shortNames;
    m.categories = info.categories;
    m.verbs = info.verbs;
    for (const api::Subresource& sub : info.subresources) m.subresources.push_back(sub.name);
    return m;
}

} // namespace kubectl
