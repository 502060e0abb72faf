// Finds the rules of a kind.
#include "api/validation.h"

#include "api/validation/rules.h"
#include "api/validation/webhooks.h"

namespace api {
namespace {

using namespace validation;

const KindRules* rulesOf(const ResourceInfo& resource) {
    if (resource.custom) return nullptr;
    for (const auto& rules : {coreRules(), workloadRules(), volumeRules(), networkRules(), accessRules(),
                              clusterRules(), webhookRules(), extensionRules()})
        for (const KindRules& rule : rules)
            if (rule.kind == resource.kind && rule.group == resource.group) return &rule;
    return nullptr;
}

// Kinds without rules of their own still keep the rules of metadata.
bool isReview(const ResourceInfo& resource) {
    return resource.verbs.size() == 1 && resource.verbs[0] == "create";
}

} // namespace

std::vector<StatusCause> validateCreate(const ResourceInfo& resource, const document::Value& object) {
    Errors errors;
    const KindRules* rules = rulesOf(resource);
    if (rules != nullptr && rules->create != nullptr) rules->create(errors, object);
    else if (!isReview(resource))
        validateObjectMeta(errors, object["metadata"], resource.namespaced, nameIsSubdomain, Path("metadata"));
    return errors.take();
}

std::vector<StatusCause> validateUpdate(const ResourceInfo& resource, const document::Value& object,
                                        const document::Value& old) {
    Errors errors;
    const KindRules* rules = rulesOf(resource);
    if (rules != nullptr && rules->update != nullptr) rules->update(errors, object, old);
    else validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], Path("metadata"));
    return errors.take();
}

std::vector<StatusCause> validateSubresource(const ResourceInfo& resource, std::string_view subresource,
                                             const document::Value& object, const document::Value& old) {
    Errors errors;
    if (subresource == "scale") {
        validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, Path("metadata"));
        validateNonNegative(errors, object["spec"]["replicas"].asInt(), Path("spec").child("replicas"));
        return errors.take();
    }
    if (resource.kind == "Pod" && resource.group.empty()) {
        if (subresource == "ephemeralcontainers") validatePodEphemeralUpdate(errors, object, old);
        else if (subresource == "resize") validatePodResize(errors, object, old);
        else if (subresource == "status") validatePodStatusUpdate(errors, object, old);
        return errors.take();
    }
    const KindRules* rules = rulesOf(resource);
    if (subresource == "status" && rules != nullptr && rules->status != nullptr)
        rules->status(errors, object, old);
    else if (!old.isNull())
        validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], Path("metadata"));
    return errors.take();
}

} // namespace api
