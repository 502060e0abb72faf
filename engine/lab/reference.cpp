#include "lab/reference.h"

#include "api/kinds.h"
#include "base/assets.h"
#include "base/strings.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace lab {

namespace {

// "io.k8s.api.core.v1.PodSpec.containers" of the published schemas is "core.v1.PodSpec.containers".
std::string_view shortKey(std::string_view key) {
    const auto isVersion = [](std::string_view part) {
        return part.size() > 1 && part[0] == 'v' && part[1] >= '0' && part[1] <= '9';
    };
    std::size_t before = 0, begin = 0;
    while (begin < key.size()) {
        const std::size_t end = std::min(key.find('.', begin), key.size());
        if (isVersion(key.substr(begin, end - begin))) return key.substr(before);
        before = begin;
        begin = end + 1;
    }
    return key;
}

using Table = std::map<std::string_view, std::string_view>;

Table readTable(std::string_view text) {
    Table table;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (const std::size_t tab = line.find('\t'); tab != std::string_view::npos)
            table.emplace(shortKey(line.substr(0, tab)), line.substr(tab + 1));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return table;
}

std::string lookUp(const Table& table, const std::string& key) {
    const auto found = table.find(key);
    return found == table.end() ? std::string() : std::string(found->second);
}

std::string typeText(const api::TypeRef& ref) {
    switch (ref.kind) {
    case api::TypeKind::Struct: return std::string(ref.type->goStructName());
    case api::TypeKind::List: return "[]" + typeText(*ref.element);
    case api::TypeKind::Map: return "map[string]" + typeText(*ref.element);
    case api::TypeKind::Bool: return "boolean";
    case api::TypeKind::Int32:
    case api::TypeKind::Int64: return "integer";
    case api::TypeKind::Double: return "number";
    case api::TypeKind::Quantity: return "Quantity";
    case api::TypeKind::IntOrString: return "IntOrString";
    case api::TypeKind::Time: return "Time";
    case api::TypeKind::MicroTime: return "MicroTime";
    case api::TypeKind::Any: return "Object";
    default: return "string";
    }
}

// The struct inside lists and maps; null for plain values.
const api::Type* structOf(const api::TypeRef& ref) {
    if (ref.kind == api::TypeKind::Struct) return ref.type;
    return ref.element ? structOf(*ref.element) : nullptr;
}

// The kinds that people meet first give shared types their path.
std::vector<const api::ResourceInfo*> kindsInOrder() {
    static constexpr std::string_view kFirst[] = {"pods", "services", "deployments", "configmaps", "secrets",
                                                  "persistentvolumeclaims", "persistentvolumes", "nodes"};
    std::vector<const api::ResourceInfo*> list;
    for (const api::ResourceInfo* info : api::builtinKinds().all())
        if (info->type != nullptr && api::builtinKinds().findPreferred(info->group, info->plural) == info)
            list.push_back(info);
    const auto rank = [](const api::ResourceInfo* info) {
        return std::find(std::begin(kFirst), std::end(kFirst), info->plural) - std::begin(kFirst);
    };
    std::stable_sort(list.begin(), list.end(), [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
    return list;
}

// Each type's shortest path from a kind: where a search leads to.
std::vector<std::pair<const api::Type*, std::string>> placesOfTypes() {
    std::vector<std::pair<const api::Type*, std::string>> places;
    std::set<const api::Type*> seen;
    std::deque<std::pair<const api::Type*, std::string>> waiting;
    for (const api::ResourceInfo* info : kindsInOrder()) waiting.emplace_back(info->type, info->plural);
    while (!waiting.empty()) {
        auto [type, path] = std::move(waiting.front());
        waiting.pop_front();
        if (!seen.insert(type).second) continue;
        // Required ones first: a Container is shown in `containers`, not in `initContainers`.
        for (const bool required : {true, false})
            for (const api::Field& field : type->fields)
                if (const api::Type* inner = structOf(field.type); inner != nullptr && field.required == required)
                    waiting.emplace_back(inner, path + "." + field.name);
        places.emplace_back(type, std::move(path));
    }
    return places;
}

const api::ResourceInfo* kindNamed(std::string_view name) {
    const std::string wanted = base::toLower(std::string(name));
    for (const api::ResourceInfo* info : kindsInOrder()) {
        const bool same = info->plural == wanted || info->singular == wanted || base::toLower(info->kind) == wanted;
        if (same || std::find(info->shortNames.begin(), info->shortNames.end(), wanted) != info->shortNames.end())
            return info;
    }
    return nullptr;
}

bool holdsAll(const std::string& text, const std::vector<std::string>& words) {
    return std::all_of(words.begin(), words.end(),
                       [&](const std::string& word) { return text.find(word) != std::string::npos; });
}

struct Search {
    std::vector<std::string> words;
    std::string whole, language;
    std::vector<std::pair<int, ReferenceHit>> hits;

    // 0: that very name, 1: begins with it, 2: name holds every word, 3: text does.
    void offer(std::string_view name, ReferenceHit hit, bool kind) {
        const std::string lower = base::toLower(std::string(name)), text = base::toLower(hit.text.in(language));
        int rank = 3;
        if (lower == whole) rank = 0;
        else if (lower.starts_with(whole)) rank = 1;
        else if (holdsAll(lower, words)) rank = 2;
        else if (!holdsAll(lower + " " + text, words)) return;
        hits.emplace_back(rank * 2 + (kind ? 0 : 1), std::move(hit));
    }
};

} // namespace

Text describeField(std::string_view type, std::string_view field) {
    static const Table kEnglish = readTable(base::asset("kinds/descriptions.en.tsv"));
    static const Table kSpanish = readTable(base::asset("kinds/descriptions.es.tsv"));
    const std::string key = field.empty() ? std::string(type) : std::string(type) + "." + std::string(field);
    return {lookUp(kEnglish, key), lookUp(kSpanish, key)};
}

std::optional<ReferencePage> referencePage(std::string_view path) {
    const std::vector<std::string> parts = base::split(path, '.');
    const api::ResourceInfo* info = parts.empty() ? nullptr : kindNamed(parts[0]);
    if (info == nullptr) return std::nullopt;
    ReferencePage page;
    page.kind = info->kind;
    page.apiVersion = info->apiVersion();
    page.namespaced = info->namespaced;
    page.path = info->plural;
    const api::Type* type = info->type;
    page.text = describeField(type->name, "");
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const api::Field* field = type->find(parts[i]);
        const api::Type* inner = field == nullptr ? nullptr : structOf(field->type);
        if (inner == nullptr) return std::nullopt;
        page.text = describeField(type->name, parts[i]);
        page.path += "." + parts[i];
        type = inner;
    }
    if (parts.size() == 1) page.shortNames = info->shortNames;
    page.type = std::string(type->goStructName());
    for (const api::Field& field : type->fields) {
        const bool branch = structOf(field.type) != nullptr;
        page.fields.push_back({field.name, typeText(field.type), branch ? page.path + "." + field.name : "", field.required,
                               describeField(type->name, field.name)});
    }
    return page;
}

std::vector<ReferenceHit> searchReference(std::string_view words, std::string_view language, std::size_t limit) {
    static const auto kPlaces = placesOfTypes();
    Search search;
    search.whole = base::toLower(std::string(base::trim(words)));
    search.language = std::string(language);
    for (const std::string& word : base::split(search.whole, ' '))
        if (!word.empty()) search.words.push_back(word);
    for (const api::ResourceInfo* info : kindsInOrder()) {
        search.offer(info->kind, {info->plural, "", info->kind, describeField(info->type->name, "")}, true);
        if (!search.whole.empty() && std::find(info->shortNames.begin(), info->shortNames.end(), search.whole) != info->shortNames.end())
            search.hits.emplace_back(0, ReferenceHit{info->plural, "", info->kind, describeField(info->type->name, "")});
    }
    if (!search.words.empty())
        for (const auto& [type, path] : kPlaces)
            for (const api::Field& field : type->fields)
                search.offer(field.name,
                             {path, field.name, std::string(type->goStructName()) + "." + field.name,
                              describeField(type->name, field.name)},
                             false);
    std::stable_sort(search.hits.begin(), search.hits.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<ReferenceHit> out;
    std::set<std::string> seen;
    for (auto& [rank, hit] : search.hits) {
        if (out.size() == limit) break;
        if (seen.insert(hit.path + "#" + hit.field).second) out.push_back(std::move(hit));
    }
    return out;
}

} // namespace lab
