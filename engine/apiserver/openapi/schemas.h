#pragma once
// The schemas of the built-in types, with descriptions of our own. Both are kept as text and read
// when somebody asks. Source of the shapes: kube-openapi pkg/builder3.

#include "document/value.h"

#include <map>
#include <string>
#include <string_view>

namespace apiserver {

inline constexpr const char* kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

// "io.k8s.api.core.v1.PodSpec" or "io.k8s.api.core.v1.PodSpec.nodeName"; empty when nobody wrote one.
std::string_view descriptionOf(std::string_view key);
document::Value withDescription(document::Value schema, std::string_view key);

// Schemas and everything that they refer to.
class SchemaCollector {
public:
    void put(const std::string& name, document::Value schema);
    // Every built-in schema that is a kind of this group and version.
    void addKindsOf(std::string_view group, std::string_view version);
    document::Value build() &&;

private:
    void addReferences(const document::Value& schema);
    void add(std::string_view name);
    std::map<std::string, document::Value, std::less<>> schemas_;
};

} // namespace apiserver
