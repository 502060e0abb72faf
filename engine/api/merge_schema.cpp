#include "api/kinds.h"

namespace api {
namespace {

class TypeMergeSchema final : public document::MergeSchema {
public:
    explicit TypeMergeSchema(const Type* type) : type_(type) {}

    document::MergeRule ruleOf(const std::vector<std::string>& path) const override {
        document::MergeRule rule;
        const Type* current = type_;
        const Field* field = nullptr;
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (current == nullptr) return rule;
            field = current->find(path[i]);
            if (field == nullptr) return rule;
            const TypeRef* ref = &field->type;
            while (ref->kind == TypeKind::List) ref = ref->element.get();
            if (ref->kind == TypeKind::Map && i + 1 < path.size()) { // the next step is a key
                ++i;
                ref = ref->element.get();
                if (i + 1 == path.size()) return rule;
            }
            current = ref->kind == TypeKind::Struct ? ref->type : nullptr;
        }
        if (field == nullptr) return rule;
        rule.merge = field->patchStrategy.find("merge") != std::string::npos;
        rule.retainKeys = field->patchStrategy.find("retainKeys") != std::string::npos;
        rule.mergeKey = field->mergeKey;
        return rule;
    }

private:
    const Type* type_;
};

} // namespace

std::unique_ptr<document::MergeSchema> mergeSchema(const ResourceInfo& resource) {
    return std::make_unique<TypeMergeSchema>(resource.type);
}

} // namespace api
