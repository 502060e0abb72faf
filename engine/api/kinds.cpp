// The registry of kinds, read from the compact tables of assets/kinds/.
#include "api/kinds.h"

#include "base/assert.h"
#include "base/assets.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <unordered_map>

namespace api {
namespace {

using Cells = std::array<std::string_view, 10>;

// Cuts a table into lines and cells without copying.
template <typename Handler>
void eachLine(std::string_view table, Handler handler) {
    while (!table.empty()) {
        const std::size_t end = std::min(table.find('\n'), table.size());
        std::string_view line = table.substr(0, end);
        table.remove_prefix(std::min(end + 1, table.size()));
        Cells cells;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::size_t tab = std::min(line.find('\t'), line.size());
            cells[i] = line.substr(0, tab);
            if (tab == line.size()) break;
            line.remove_prefix(tab + 1);
        }
        handler(cells);
    }
}

std::vector<std::string> list(std::string_view text) {
    if (text.empty()) return {};
    return base::split(text, ',');
}

struct Embedded {
    Type* owner;
    std::size_t at; // where the folded fields go
    std::string typeName;
    int number;
};

struct Tables {
    std::map<std::string, Type, std::less<>> types;
    std::deque<ResourceInfo> resources;
    std::unordered_multimap<std::string_view, const ResourceInfo*> byPlural;

    Tables() {
        readTypes();
        readDefaults();
        readResources();
        readColumns();
        for (const ResourceInfo& info : resources) byPlural.emplace(info.plural, &info);
    }

private:
    std::vector<Embedded> embedded_;

    TypeRef readRef(std::string_view code) {
        TypeRef ref;
        switch (code.empty() ? 'a' : code[0]) {
        case 's': ref.kind = TypeKind::String; break;
        case 'b': ref.kind = TypeKind::Bool; break;
        case 'i': ref.kind = TypeKind::Int32; break;
        case 'l': ref.kind = TypeKind::Int64; break;
        case 'd': ref.kind = TypeKind::Double; break;
        case 'y': ref.kind = TypeKind::Bytes; break;
        case 't': ref.kind = TypeKind::Time; break;
        case 'u': ref.kind = TypeKind::MicroTime; break;
        case 'q': ref.kind = TypeKind::Quantity; break;
        case 'o': ref.kind = TypeKind::IntOrString; break;
        case 'S':
            ref.kind = TypeKind::Struct;
            ref.type = &types[std::string(code.substr(1))];
            return ref;
        case '[':
        case '{': {
            ref.kind = code[0] == '[' ? TypeKind::List : TypeKind::Map;
            const std::size_t mark = code.find('=');
            const bool inner = mark != std::string_view::npos && mark != 2;
            ref.element = std::make_shared<const TypeRef>(
                readRef(inner || mark == std::string_view::npos ? code.substr(1) : code.substr(1, 1)));
            // "[s=v1.X" names the element, "{q=v1.ResourceList" the map itself.
            if (mark == 2) {
                if (code[0] == '{') {
                    ref.goName = code.substr(3);
                } else {
                    auto element = std::make_shared<TypeRef>(*ref.element);
                    element->goName = code.substr(3);
                    ref.element = std::move(element);
                }
            }
            return ref;
        }
        default: ref.kind = TypeKind::Any;
        }
        if (code.size() > 1 && code[1] == '=') ref.goName = code.substr(2);
        return ref;
    }

    void readTypes() {
        Type* current = nullptr;
        eachLine(base::asset("kinds/types.tsv"), [&](const Cells& cells) {
            if (cells[0].substr(0, 2) == "T ") {
                current = &types[std::string(cells[0].substr(2))];
                current->name = cells[0].substr(2);
                current->atomic = cells[1] == "A";
                return;
            }
            const int number = static_cast<int>(base::parseInt(cells[2]).value_or(0));
            if (cells[0].empty()) {
                embedded_.push_back({current, current->fields.size(),
                                     std::string(cells[1].substr(1)), number});
                return;
            }
            Field field;
            field.name = cells[0];
            field.type = readRef(cells[1]);
            field.protoNumber = number;
            for (char mark : cells[3]) {
                if (mark == '*') field.pointer = true;
                if (mark == 'o') field.omitEmpty = true;
                if (mark == 'z') field.omitZero = true;
                if (mark == 'r') field.required = true;
                if (mark == 'g') field.mapType = "granular";
                if (mark == 'A') field.mapType = "atomic";
            }
            field.patchStrategy = cells[4];
            field.mergeKey = cells[5];
            field.listType = cells[6];
            field.listMapKeys = list(cells[7]);
            current->fields.push_back(std::move(field));
        });
        foldEmbedded();
    }

    // Deepest first: an embedded type may embed another one.
    void foldEmbedded() {
        std::map<std::string, bool> folded;
        for (const Embedded& item : embedded_) fold(item.owner->name, folded);
    }
    void fold(const std::string& name, std::map<std::string, bool>& folded) {
        if (folded[name]) return;
        folded[name] = true;
        std::size_t shift = 0;
        for (const Embedded& item : embedded_) {
            if (item.owner->name != name) continue;
            fold(item.typeName, folded);
            std::vector<Field> fields = types[item.typeName].fields;
            const std::string goName(types[item.typeName].goStructName());
            for (Field& field : fields) {
                field.embeddedNames.insert(field.embeddedNames.begin(), goName);
                // One byte for each message around the field, the outermost lowest.
                field.embeddedIn = (field.embeddedIn << 8) | item.number;
            }
            auto& into = item.owner->fields;
            into.insert(into.begin() + static_cast<std::ptrdiff_t>(item.at + shift), fields.begin(),
                        fields.end());
            shift += fields.size();
        }
    }

    void readDefaults() {
        eachLine(base::asset("kinds/defaults.tsv"), [&](const Cells& cells) {
            const auto type = types.find(cells[0]);
            if (type == types.end()) return;
            for (std::size_t i = 0; i < type->second.fields.size(); ++i) {
                if (type->second.fields[i].name != cells[1]) continue;
                auto value = document::readJson(cells[2]);
                BASE_ASSERT(value.ok());
                type->second.defaults.push_back({i, std::move(value).value()});
            }
        });
    }

    void readResources() {
        eachLine(base::asset("kinds/resources.tsv"), [&](const Cells& cells) {
            if (cells[0] == "+") {
                Subresource sub;
                sub.name = cells[1];
                sub.group = cells[2];
                sub.version = cells[3];
                sub.kind = cells[4];
                sub.verbs = list(cells[5]);
                resources.back().subresources.push_back(std::move(sub));
                return;
            }
            ResourceInfo info;
            info.group = cells[0];
            info.version = cells[1];
            info.plural = cells[2];
            info.kind = cells[3];
            info.singular = cells[4];
            info.namespaced = cells[5] == "n";
            info.shortNames = list(cells[6]);
            info.categories = list(cells[7]);
            info.verbs = list(cells[8]);
            const auto type = types.find(cells[9]);
            if (type != types.end()) info.type = &type->second;
            resources.push_back(std::move(info));
        });
    }

    void readColumns() {
        ResourceInfo* current = nullptr;
        std::string_view version, kind;
        eachLine(base::asset("kinds/columns.tsv"), [&](const Cells& cells) {
            if (cells[0] != version || cells[1] != kind || current == nullptr) {
                version = cells[0];
                kind = cells[1];
                current = nullptr;
                for (ResourceInfo& info : resources)
                    if (info.kind == kind && info.apiVersion() == version) current = &info;
            }
            if (current == nullptr) return;
            Column column;
            column.name = cells[2];
            column.type = cells[3];
            column.format = cells[4];
            column.priority = static_cast<int>(base::parseInt(cells[5]).value_or(0));
            current->columns.push_back(std::move(column));
        });
    }
};

const Tables& tables() {
    static const Tables instance;
    return instance;
}

std::string_view shortTypeName(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

// Kube-like versions: v2 > v1 > v1beta2 > v1alpha1 > anything else. Source: apimachinery pkg/version.
struct VersionRank {
    int stage = 0; // 3 GA, 2 beta, 1 alpha, 0 not kube-like
    std::int64_t major = 0, minor = 0;
};
VersionRank rankOf(std::string_view version) {
    VersionRank rank;
    if (version.size() < 2 || version[0] != 'v') return rank;
    std::size_t at = 1;
    const auto number = [&](std::int64_t& out) {
        const std::size_t start = at;
        while (at < version.size() && version[at] >= '0' && version[at] <= '9') ++at;
        if (at == start || at - start > 9) return false;
        out = *base::parseInt(version.substr(start, at - start));
        return true;
    };
    VersionRank found;
    if (!number(found.major)) return rank;
    if (at == version.size()) {
        found.stage = 3;
        return found;
    }
    for (const auto& [word, stage] : {std::pair<std::string_view, int>{"beta", 2}, {"alpha", 1}}) {
        if (version.substr(at, word.size()) != word) continue;
        at += word.size();
        found.stage = stage;
        if (number(found.minor) && at == version.size()) return found;
        return rank;
    }
    return rank;
}
bool versionBefore(std::string_view a, std::string_view b) {
    const VersionRank x = rankOf(a), y = rankOf(b);
    if (x.stage != y.stage) return x.stage > y.stage;
    if (x.stage == 0) return a < b;
    if (x.major != y.major) return x.major > y.major;
    return x.minor > y.minor;
}

} // namespace

std::string TypeRef::goText() const {
    if (!goName.empty()) return goName;
    switch (kind) {
    case TypeKind::String: return "string";
    case TypeKind::Bool: return "bool";
    case TypeKind::Int32: return "int32";
    case TypeKind::Int64: return "int64";
    case TypeKind::Double: return "float64";
    case TypeKind::Bytes: return "[]uint8";
    case TypeKind::Time: return "v1.Time";
    case TypeKind::MicroTime: return "v1.MicroTime";
    case TypeKind::Quantity: return "resource.Quantity";
    case TypeKind::IntOrString: return "intstr.IntOrString";
    case TypeKind::Duration: return "v1.Duration";
    case TypeKind::Any: return "runtime.RawExtension";
    case TypeKind::List: return "[]" + element->goText();
    case TypeKind::Map: return "map[string]" + element->goText();
    case TypeKind::Struct: {
        const auto parts = base::split(type->name, '.');
        return parts.size() < 2 ? type->name : parts[parts.size() - 2] + "." + parts.back();
    }
    }
    return {};
}

const Field* Type::find(std::string_view wanted) const {
    // Asked for every member of every object, whose keys are shared texts: what a key meant last time is
    // kept under the addresses of type and text, and compared.
    struct Answer {
        const Type* type = nullptr;
        const char* text = nullptr;
        const Field* field = nullptr;
    };
    constexpr std::size_t kAnswers = 4096;
    thread_local std::array<Answer, kAnswers> answers;
    const auto mixed = (reinterpret_cast<std::uintptr_t>(this) >> 4) * 31 + (reinterpret_cast<std::uintptr_t>(wanted.data()) >> 3);
    Answer& answer = answers[mixed % kAnswers];
    if (answer.type == this && answer.text == wanted.data() && answer.field->name == wanted) return answer.field;
    for (const Field& field : fields) {
        if (field.name != wanted) continue;
        answer = {this, wanted.data(), &field};
        return &field;
    }
    return nullptr;
}
std::string_view Type::goStructName() const { return shortTypeName(name); }

std::string ResourceInfo::apiVersion() const {
    return group.empty() ? version : group + "/" + version;
}
bool ResourceInfo::hasVerb(std::string_view verb) const {
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}
const Subresource* ResourceInfo::findSubresource(std::string_view wanted) const {
    for (const Subresource& sub : subresources)
        if (sub.name == wanted) return &sub;
    return nullptr;
}

struct Kinds::State {
    std::vector<std::unique_ptr<ResourceInfo>> custom; // by group, version rank, plural
    // Replaced and removed ones live on: requests in flight may still hold them.
    std::vector<std::unique_ptr<ResourceInfo>> retired;
    std::uint64_t generation = 0;
};

Kinds::Kinds() : state_(std::make_unique<State>()) {}
Kinds::~Kinds() = default;

std::vector<const ResourceInfo*> Kinds::all() const {
    std::vector<const ResourceInfo*> result;
    for (const ResourceInfo& info : tables().resources) result.push_back(&info);
    for (const auto& info : state_->custom) result.push_back(info.get());
    return result;
}

const ResourceInfo* Kinds::find(std::string_view group, std::string_view version,
                                std::string_view plural) const {
    const auto& byPlural = tables().byPlural;
    for (auto [at, end] = byPlural.equal_range(plural); at != end; ++at)
        if (at->second->group == group && at->second->version == version) return at->second;
    for (const auto& info : state_->custom)
        if (info->plural == plural && info->group == group && info->version == version)
            return info.get();
    return nullptr;
}

const ResourceInfo* Kinds::findByKind(std::string_view group, std::string_view version,
                                      std::string_view kind) const {
    for (const ResourceInfo& info : tables().resources)
        if (info.kind == kind && info.group == group && info.version == version) return &info;
    for (const auto& info : state_->custom)
        if (info->kind == kind && info->group == group && info->version == version)
            return info.get();
    return nullptr;
}

const ResourceInfo* Kinds::findPreferred(std::string_view group, std::string_view plural) const {
    for (const ResourceInfo& info : tables().resources)
        if (info.plural == plural && info.group == group) return &info;
    for (const auto& info : state_->custom)
        if (info->plural == plural && info->group == group) return info.get();
    return nullptr;
}

std::vector<std::string> Kinds::groups() const {
    std::vector<std::string> result;
    for (const ResourceInfo* info : all())
        if (std::find(result.begin(), result.end(), info->group) == result.end())
            result.push_back(info->group);
    return result;
}

std::vector<std::string> Kinds::versions(std::string_view group) const {
    std::vector<std::string> result;
    for (const ResourceInfo* info : all())
        if (info->group == group &&
            std::find(result.begin(), result.end(), info->version) == result.end())
            result.push_back(info->version);
    return result;
}

const Type* Kinds::type(std::string_view name) const {
    const auto found = tables().types.find(name);
    return found == tables().types.end() ? nullptr : &found->second;
}

std::uint64_t Kinds::generation() const { return state_->generation; }

void Kinds::addCustom(ResourceInfo info) {
    info.custom = true;
    auto& custom = state_->custom;
    for (auto& known : custom) {
        if (known->group != info.group || known->version != info.version ||
            known->plural != info.plural)
            continue;
        state_->retired.push_back(std::move(known));
        known = std::make_unique<ResourceInfo>(std::move(info));
        ++state_->generation;
        return;
    }
    custom.push_back(std::make_unique<ResourceInfo>(std::move(info)));
    std::stable_sort(custom.begin(), custom.end(), [](const auto& a, const auto& b) {
        if (a->group != b->group) return a->group < b->group;
        if (a->version != b->version) return versionBefore(a->version, b->version);
        return a->plural < b->plural;
    });
    ++state_->generation;
}

void Kinds::removeCustom(std::string_view group, std::string_view plural) {
    auto& custom = state_->custom;
    for (auto& info : custom) {
        if (info->group != group || info->plural != plural) continue;
        state_->retired.push_back(std::move(info));
        ++state_->generation;
    }
    std::erase(custom, nullptr);
}

const Kinds& builtinKinds() {
    static const Kinds kinds;
    return kinds;
}

} // namespace api
