#include "kubectl/kustomize/schema.h"

#include "base/strings.h"
#include "document/text_error.h"
#include "document/yaml.h"

#include <map>

namespace kubectl::kustomize {

using document::Value;

namespace {

// Struct -> "field type" lines. A type is string, bool, int, any, a struct of this table, or one of
// these after "[]" or "map".
constexpr std::string_view kTables = R"(
Kustomization
apiVersion string
kind string
metadata ObjectMeta
openapi mapstring
namePrefix string
nameSuffix string
namespace string
commonLabels mapstring
labels []Label
commonAnnotations mapstring
patchesStrategicMerge []string
patchesJson6902 []Patch
patches []Patch
images []Image
imageTags []Image
replacements []ReplacementField
replicas []Replica
vars []any
sortOptions SortOptions
resources []string
components []string
crds []string
bases []string
configMapGenerator []ConfigMapArgs
secretGenerator []SecretArgs
helmGlobals any
helmCharts []any
helmChartInflationGenerator []any
generatorOptions GeneratorOptions
configurations []string
generators []string
transformers []string
validators []string
buildMetadata []string

ObjectMeta
name string
namespace string
labels mapstring
annotations mapstring

Label
pairs mapstring
includeSelectors bool
includeTemplates bool
fields []FieldSpec

FieldSpec
group string
version string
kind string
path string
create bool

Patch
path string
patch string
target Selector
options mapbool

Selector
group string
version string
kind string
name string
namespace string
annotationSelector string
labelSelector string

Image
name string
newName string
tagSuffix string
newTag string
digest string

Replica
name string
count int

ReplacementField
path string
source SourceSelector
sourceValue string
targets []TargetSelector

SourceSelector
group string
version string
kind string
name string
namespace string
fieldPath string
options FieldOptions

TargetSelector
select Selector
reject []Selector
fieldPaths []string
options FieldOptions

FieldOptions
delimiter string
index int
encoding string
create bool

SortOptions
order string
legacySortOptions LegacySortOptions

LegacySortOptions
orderFirst []string
orderLast []string

GeneratorOptions
labels mapstring
annotations mapstring
disableNameSuffixHash bool
immutable bool

ConfigMapArgs
namespace string
name string
behavior string
literals []string
files []string
envs []string
env string
options GeneratorOptions

SecretArgs
namespace string
name string
behavior string
literals []string
files []string
envs []string
env string
options GeneratorOptions
type string
)";

using Table = std::map<std::string, std::vector<std::pair<std::string, std::string>>, std::less<>>;

const Table& tables() {
    static const Table made = [] {
        Table out;
        std::string name;
        for (const std::string& line : base::splitLines(kTables)) {
            const auto cells = base::splitFields(line);
            if (cells.size() == 1) name = cells[0];
            if (cells.size() == 2) out[name].emplace_back(cells[0], cells[1]);
        }
        return out;
    }();
    return made;
}

const char* jsonName(const Value& value) {
    if (value.isString()) return "string";
    if (value.isBool()) return "bool";
    if (value.isArray()) return "array";
    return value.isObject() ? "object" : "number";
}
std::string goName(const std::string& type) {
    if (type.starts_with("[]")) return "[]" + goName(type.substr(2));
    if (type.starts_with("map")) return "map[string]" + type.substr(3);
    return tables().contains(type) ? "types." + type : type;
}

// The first problem wins, as in encoding/json; members come sorted.
class Checker {
public:
    base::Result<Value> run(const Value& value) {
        const Value checked = check(value, "Kustomization", "");
        if (problem_.empty()) return checked;
        return base::makeError("json: " + problem_);
    }

private:
    void mismatch(const Value& value, const std::string& type, const std::string& path) {
        if (!problem_.empty()) return;
        problem_ = "cannot unmarshal " + std::string(jsonName(value)) + " into Go " +
                   (path.empty() ? "value" : "struct field Kustomization." + path) + " of type " + goName(type);
    }
    Value check(const Value& value, const std::string& type, const std::string& path) {
        if (value.isNull() || type == "any") return value;
        if (type.starts_with("[]")) {
            if (!value.isArray()) return mismatch(value, type, path), Value();
            document::ArrayBuilder out;
            for (const Value& item : value.items()) out.push(check(item, type.substr(2), path));
            return std::move(out).build();
        }
        const bool scalarFits = (type == "string" && value.isString()) || (type == "bool" && value.isBool()) ||
                                (type == "int" && value.isInt());
        if (scalarFits) return value;
        if (type == "string" || type == "bool" || type == "int" || !value.isObject())
            return mismatch(value, type, path), Value();
        document::ObjectBuilder out;
        if (type.starts_with("map")) {
            for (const document::Member& member : value.members())
                out.set(member.key, check(member.value, type.substr(3), path));
            return std::move(out).build();
        }
        for (const document::Member& member : value.members()) {
            const std::string key = member.key.text();
            const auto* field = find(type, key);
            if (field == nullptr) {
                if (problem_.empty()) problem_ = "unknown field " + base::quoteGo(key);
                continue;
            }
            Value inner = check(member.value, field->second, path.empty() ? field->first : path + "." + field->first);
            if (!inner.isNull()) out.set(field->first, std::move(inner));
        }
        return std::move(out).build();
    }
    static const std::pair<std::string, std::string>* find(const std::string& type, const std::string& key) {
        const auto table = tables().find(type);
        if (table == tables().end()) return nullptr;
        for (const auto& field : table->second)
            if (base::toLower(field.first) == base::toLower(key)) return &field;
        return nullptr;
    }

    std::string problem_;
};

Value joined(const Value& first, const Value& second) {
    if (second.isNull()) return first;
    document::ArrayBuilder out;
    for (const Value* list : {&first, &second})
        for (const Value& item : list->items()) out.push(item);
    return std::move(out).build();
}

Value withEnvLists(const Value& generators) {
    if (generators.isNull()) return generators;
    document::ArrayBuilder out;
    for (const Value& item : generators.items()) {
        const Value& env = item["env"];
        out.push(env.isNull() ? item : item.with("envs", item["envs"].appended(env)).without("env"));
    }
    return std::move(out).build();
}

} // namespace

base::Result<Value> readKustomization(std::string_view text) {
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = true;
    auto parsed = document::readYaml(text, {}, limits);
    if (!parsed.ok()) return base::makeError("invalid Kustomization: " + document::goErrorText(parsed.error()));
    auto checked = Checker().run(parsed.value().isNull() ? Value::object() : parsed.value());
    if (!checked.ok()) return base::makeError("invalid Kustomization: " + checked.error().message);
    return checked;
}

std::vector<std::string> deprecations(const Value& kustomization) {
    struct Old {
        const char* field;
        const char* instead;
    };
    static constexpr Old kOld[] = {{"bases", "resources"}, {"commonLabels", "labels"}, {"imageTags", "images"},
                                   {"patchesJson6902", "patches"}, {"patchesStrategicMerge", "patches"},
                                   {"vars", "replacements"}};
    std::vector<std::string> out;
    for (const Old& old : kOld)
        if (kustomization.has(old.field))
            out.push_back("# Warning: '" + std::string(old.field) + "' is deprecated. Please use '" + old.instead +
                          "' instead. " + (std::string_view(old.field) == "vars" ? "[EXPERIMENTAL] " : "") +
                          "Run 'kustomize edit fix' to update your Kustomization automatically.");
    return out;
}

Value modernized(const Value& given) {
    document::ObjectBuilder out(given);
    if (given["kind"].asString().empty()) out.set("kind", "Kustomization");
    if (given["apiVersion"].asString().empty())
        out.set("apiVersion", given["kind"].asString() == "Component" ? "kustomize.config.k8s.io/v1alpha1"
                                                                      : "kustomize.config.k8s.io/v1beta1");
    if (given.has("bases")) out.set("resources", joined(given["resources"], given["bases"])).erase("bases");
    if (given.has("imageTags")) out.set("images", joined(given["images"], given["imageTags"])).erase("imageTags");
    for (const char* list : {"configMapGenerator", "secretGenerator"})
        if (given.has(list)) out.set(list, withEnvLists(given[list]));
    return std::move(out).build();
}

base::Status checkKustomization(const Value& value, const std::string& root) {
    std::size_t fields = 0;
    for (const document::Member& member : value.members())
        fields += member.key.view() != "kind" && member.key.view() != "apiVersion";
    if (fields == 0) return base::makeError("kustomization.yaml is empty");
    std::vector<std::string> problems;
    const std::string kind = value["kind"].text(), version = value["apiVersion"].text();
    if (kind != "Kustomization" && kind != "Component")
        problems.emplace_back("kind should be Kustomization or Component");
    const char* wanted = kind == "Component" ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
    if (version != wanted) problems.push_back("apiVersion for " + kind + " should be " + wanted);
    if (problems.empty()) return base::okStatus();
    return base::makeError("Failed to read kustomization file under " + root + ":\n" + base::join(problems, "\n"));
}

} // namespace kubectl::kustomize
