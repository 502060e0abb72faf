// Sources: apiserver pkg/admission/plugin/cel compile.go (types of the request and of the namespace),
// composition.go (variables), pkg/admission/plugin/policy/validating/typechecking.go.
#include "apiserver/cel/checks.h"
#include "apiserver/cel/types.h"
#include "base/strings.h"

#include <initializer_list>

namespace apiserver {

using cel::TypePtr;
using document::Value;
using Kind = cel::Type::Kind;

namespace {

using Fields = std::initializer_list<std::pair<const char*, TypePtr>>;

TypePtr objectType(const char* name, const Fields& fields) {
    auto type = std::make_shared<cel::Type>();
    type->kind = Kind::Object;
    type->name = name;
    for (const auto& [key, field] : fields) type->fields.emplace(key, field);
    return type;
}

TypePtr text() { return cel::simpleType(Kind::String); }
TypePtr texts() { return cel::listType(text()); }

TypePtr requestType() {
    const TypePtr kind = objectType("kubernetes.GroupVersionKind", {{"group", text()}, {"version", text()}, {"kind", text()}});
    const TypePtr resource = objectType("kubernetes.GroupVersionResource", {{"group", text()}, {"version", text()}, {"resource", text()}});
    const TypePtr user = objectType("kubernetes.UserInfo", {{"username", text()}, {"uid", text()}, {"groups", texts()},
                                                            {"extra", cel::mapType(text(), texts())}});
    return objectType("kubernetes.AdmissionRequest",
                      {{"kind", kind}, {"resource", resource}, {"subResource", text()}, {"requestKind", kind},
                       {"requestResource", resource}, {"requestSubResource", text()}, {"name", text()}, {"namespace", text()},
                       {"operation", text()}, {"userInfo", user}, {"dryRun", cel::simpleType(Kind::Bool)},
                       {"options", cel::simpleType(Kind::Dyn)}});
}

TypePtr namespaceType() {
    const TypePtr time = cel::simpleType(Kind::Timestamp), number = cel::simpleType(Kind::Int);
    const TypePtr condition = objectType("kubernetes.NamespaceCondition", {{"status", text()}, {"type", text()},
                                         {"lastTransitionTime", time}, {"message", text()}, {"reason", text()}});
    const TypePtr metadata = objectType("kubernetes.NamespaceMetadata",
                                        {{"name", text()}, {"generateName", text()}, {"namespace", text()},
                                         {"labels", cel::mapType(text(), text())}, {"annotations", cel::mapType(text(), text())},
                                         {"UID", text()}, {"creationTimestamp", time}, {"deletionGracePeriodSeconds", number},
                                         {"deletionTimestamp", time}, {"generation", number}, {"resourceVersion", text()},
                                         {"finalizers", texts()}});
    return objectType("kubernetes.Namespace",
                      {{"metadata", metadata}, {"spec", objectType("kubernetes.NamespaceSpec", {{"finalizers", texts()}})},
                       {"status", objectType("kubernetes.NamespaceStatus", {{"conditions", cel::listType(condition)}, {"phase", text()}})}});
}

// Each variable knows those before it.
void addVariables(cel::Environment& environment, const Value& spec) {
    auto variables = std::make_shared<cel::Type>();
    variables->kind = Kind::Object;
    variables->name = "kubernetes.variables";
    for (const Value& variable : spec["variables"].items()) {
        environment.types["variables"] = std::make_shared<cel::Type>(*variables);
        const auto program = cel::Program::compile(variable["expression"].asString(), environment);
        variables->fields.insert_or_assign(variable["name"].text(),
                                           program.ok() ? program->typeOfResult() : cel::simpleType(Kind::Dyn));
    }
    environment.types["variables"] = variables;
}

} // namespace

cel::Environment requestEnvironment(bool params, bool authorizer) {
    static const TypePtr kRequest = requestType(), kNamespace = namespaceType();
    cel::Environment environment;
    environment.names = {"object", "oldObject"};
    if (params) environment.names.emplace_back("params");
    environment.types = {{"request", kRequest}, {"namespaceObject", kNamespace}};
    if (!authorizer) return environment;
    environment.types["authorizer"] = cel::opaqueType("kubernetes.authorization.Authorizer");
    environment.types["authorizer.requestResource"] = cel::opaqueType("kubernetes.authorization.ResourceCheck");
    return environment;
}

cel::Environment policyEnvironment(const Value& policy) {
    cel::Environment environment = requestEnvironment(policy["spec"]["paramKind"].isObject(), true);
    if (policy["spec"]["variables"].size() > 0) addVariables(environment, policy["spec"]);
    return environment;
}

cel::Environment typedEnvironment(const Value& policy, const TypePtr& object, const TypePtr& params) {
    cel::Environment environment = requestEnvironment(false, true);
    environment.types.erase("authorizer.requestResource");
    if (object) environment.types["object"] = environment.types["oldObject"] = object;
    if (params) environment.types["params"] = params;
    addVariables(environment, policy["spec"]);
    return environment;
}

} // namespace apiserver
