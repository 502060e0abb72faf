// Fields: where they stand, what they mean, and which one was probably meant.
#include "base/strings.h"
#include "lab/explain_rules.h"
#include "lab/reference.h"

#include <algorithm>
#include <deque>
#include <set>

namespace lab {
namespace {

using document::Value;

constexpr std::size_t kMaxDepth = 8; // of a search for a field elsewhere in a kind

const api::Type* structOf(const api::TypeRef& ref) {
    const api::TypeRef* at = &ref;
    while (at->element != nullptr && (at->kind == api::TypeKind::List || at->kind == api::TypeKind::Map)) at = at->element.get();
    return at->kind == api::TypeKind::Struct ? at->type : nullptr;
}

struct Found {
    const api::Type* parent = nullptr; // the type that should hold the last step
    std::string name;                  // last named step
};

// Follows a path through the types; indexes and map keys belong to the field before them.
Found follow(const api::Type* type, const std::vector<std::string>& path) {
    Found found{type, {}};
    const api::Type* at = type;
    for (std::size_t i = 0; i < path.size() && at != nullptr; ++i) {
        const api::Field* field = at->find(path[i]);
        found = {at, path[i]};
        if (field == nullptr) return i + 1 == path.size() ? found : Found{};
        const bool indexed = field->type.kind == api::TypeKind::List && i + 1 < path.size() && base::parseInt(path[i + 1]);
        const bool keyed = field->type.kind == api::TypeKind::Map;
        at = structOf(field->type);
        if (indexed || keyed) ++i;
        if (keyed && at == nullptr) return found;
    }
    return found;
}

// The shortest path of a kind on which a field of that name is known.
std::string elsewhere(const api::Type* root, const std::string& name, const std::string& given) {
    struct Step {
        const api::Type* type;
        std::string path;
        std::size_t depth;
    };
    std::deque<Step> queue{{root, {}, 0}};
    std::set<const api::Type*> seen{root};
    while (!queue.empty()) {
        const Step step = queue.front();
        queue.pop_front();
        for (const api::Field& field : step.type->fields) {
            if (step.path.empty() && (field.name == "status" || field.name == "metadata")) continue;
            const std::string path = step.path.empty() ? field.name : step.path + "." + field.name;
            const bool list = field.type.kind == api::TypeKind::List;
            if (field.name == name && path != given) return path;
            const api::Type* inner = structOf(field.type);
            if (inner != nullptr && step.depth < kMaxDepth && seen.insert(inner).second) queue.push_back({inner, list ? path + "[]" : path, step.depth + 1});
        }
    }
    return {};
}

std::string parentOf(const std::string& path) {
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? std::string() : path.substr(0, dot);
}

} // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t bestDistance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& each : known) {
        const std::size_t distance = base::editDistance(base::toLower(word), base::toLower(each));
        if (distance >= bestDistance || each == word) continue;
        best = each;
        bestDistance = distance;
    }
    return best;
}

const api::ResourceInfo* resourceOfKind(std::string_view group, std::string_view kind) {
    const api::ResourceInfo* any = nullptr;
    for (const auto* info : api::builtinKinds().all()) {
        if (info->kind != kind && info->plural != kind) continue;
        if (info->group == group) return info;
        if (any == nullptr) any = info;
    }
    return group.empty() ? any : nullptr;
}

std::vector<std::string> quotedWords(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
        std::size_t end = at + 1;
        while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
        if (end >= text.size()) break;
        words.push_back(base::replaceAll(text.substr(at + 1, end - at - 1), "\\\"", "\""));
        at = end;
    }
    return words;
}

void placeField(ExplainContext& context, Explanation& out, std::string_view kind, std::string_view name, const std::string& path) {
    out.field = path;
    const auto steps = splitFieldPath(path);
    std::string group;
    for (const ManifestView& view : context.manifests) {
        const auto* document = view.readable() ? view.find(steps, kind, name) : nullptr;
        if (document == nullptr) continue;
        const std::string apiVersion = document->value["apiVersion"].text();
        if (const auto slash = apiVersion.find('/'); slash != std::string::npos) group = apiVersion.substr(0, slash);
        if (kind.empty()) kind = document->value["kind"].asString();
        out.source = view.source();
        out.line = view.lineOf(*document, steps);
        out.lineText = view.line(out.line);
        break;
    }
    const api::ResourceInfo* info = resourceOfKind(group, kind);
    if (info == nullptr) info = resourceOfKind({}, kind);
    if (info == nullptr || info->type == nullptr) return;
    const Found found = follow(info->type, steps);
    if (found.parent != nullptr && found.parent->find(found.name) != nullptr) out.documentation = describeField(found.parent->name, found.name);
}

Explanation unknownField(ExplainContext& context, std::string_view kind, const std::string& path) {
    Explanation out;
    std::string known(kind);
    placeField(context, out, kind, {}, path);
    if (known.empty())
        for (const ManifestView& view : context.manifests)
            if (const auto* document = view.find(splitFieldPath(path), {}, {}); document != nullptr && known.empty()) known = document->value["kind"].text();
    const auto steps = splitFieldPath(path);
    const std::string name = steps.empty() ? path : steps.back();
    out.title = {"There is no field “" + name + "” here", "Aquí no existe el campo «" + name + "»"};
    const api::ResourceInfo* info = resourceOfKind({}, known);
    const Found found = info != nullptr && info->type != nullptr ? follow(info->type, steps) : Found{};
    std::vector<std::string> siblings;
    if (found.parent != nullptr)
        for (const api::Field& field : found.parent->fields) siblings.push_back(field.name);
    const std::string parent = parentOf(path);
    const std::string inside = parent.empty() ? known : parent;
    if (const std::string close = nearest(name, siblings); !close.empty()) {
        out.suggestion = close;
        out.text = {"`" + inside + "` knows `" + close + "`, which is probably what was meant. Names of fields are case-sensitive.",
                    "`" + inside + "` conoce `" + close + "`, que probablemente es lo que se quería. Los nombres de los campos distinguen mayúsculas y minúsculas."};
        out.field = parent.empty() ? close : parent + "." + close; // the one that is documented
        out.documentation = describeField(found.parent->name, close);
    } else if (const std::string place = info != nullptr && info->type != nullptr ? elsewhere(info->type, name, path) : std::string(); !place.empty()) {
        out.suggestion = place;
        out.text = {"The field belongs to `" + place + "`. Check the indentation: it stands under `" + inside + "` now.",
                    "El campo pertenece a `" + place + "`. Comprueba la sangría: ahora está dentro de `" + inside + "`."};
        const Found right = follow(info->type, splitFieldPath(base::replaceAll(place, "[]", "[0]")));
        out.field = place;
        if (right.parent != nullptr) out.documentation = describeField(right.parent->name, right.name);
    } else {
        out.text = {"Nothing of that name is known to `" + known + "`. `kubectl explain` lists the fields of each level.",
                    "`" + known + "` no conoce nada con ese nombre. `kubectl explain` enumera los campos de cada nivel."};
    }
    return out;
}

} // namespace lab
