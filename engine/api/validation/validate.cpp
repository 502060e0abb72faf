// Finds the rules of a kind.
#include "api/validation.h"

#include "api/validation/rules.h"
#include "api/validation/webhooks.h"

#include <string>
#include <unordered_map>

namespace api {
namespace {

using namespace validation;

const KindRules* findRules(const ResourceInfo& resource) {
    for (const auto& rules : {coreRules(), workloadRules(), volumeRules(), networkRules(), accessRules(),
                              clusterRules(), webhookRules(), extensionRules(), flowRules(), requestRules(),
                              deviceRules()})
        for (const KindRules& rule : rules)
            if (rule.kind == resource.kind && rule.group == resource.group) return &rule;
    return nullptr;
}

const KindRules* rulesOf(const ResourceInfo& resource) {
    if (resource.custom) return nullptr;
    struct Known {
        std::string group, kind;
        const KindRules* rules = nullptr;
    };
    thread_local std::unordered_map<const ResourceInfo*, Known> known;
    Known& entry = known[&resource];
    if (entry.kind != resource.kind || entry.group != resource.group)
        entry = {resource.group, resource.kind, findRules(resource)};
    return entry.rules;
}

// Source: apiserver pkg/registry/rest BeforeUpdate: what holds for every kind comes before the kind's
// own rules. Most of those look at metadata too, so nothing is wrong there when they find nothing.
std::vector<StatusCause> withCommonUpdate(const ResourceInfo& resource, const document::Value& object,
                                          const document::Value& old, Errors own, bool plain) {
    if ((own.empty() && !plain) || old.isNull()) return own.take();
    Errors errors;
    validateCommonMeta(errors, object["metadata"], resource.namespaced);
    validateCommonMetaUpdate(errors, object["metadata"], old["metadata"]);
    errors.append(own);
    return errors.take();
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
    // Kinds' own texts come first. Source: apiserver pkg/registry/rest BeforeCreate.
    if (errors.empty() && !isReview(resource)) validateCommonMeta(errors, object["metadata"], resource.namespaced);
    return errors.take();
}

std::vector<StatusCause> validateUpdate(const ResourceInfo& resource, const document::Value& object,
                                        const document::Value& old) {
    Errors errors;
    const KindRules* rules = rulesOf(resource);
    if (rules != nullptr && rules->update != nullptr) rules->update(errors, object, old);
    else validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], Path("metadata"));
    return withCommonUpdate(resource, object, old, std::move(errors), rules != nullptr && rules->plainUpdate);
}

std::vector<StatusCause> validateSubresource(const ResourceInfo& resource, std::string_view subresource,
                                             const document::Value& object, const document::Value& old) {
    Errors errors;
    if (subresource == "scale") {
        validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, Path("metadata"));
        validateNonNegative(errors, object["spec"]["replicas"].asInt(), Path("spec").child("replicas"));
        return errors.take();
    }
    const KindRules* rules = rulesOf(resource);
    bool plain = rules != nullptr && rules->plainUpdate;
    if (resource.kind == "Pod" && resource.group.empty()) {
        if (subresource == "ephemeralcontainers") validatePodEphemeralUpdate(errors, object, old);
        else if (subresource == "resize") validatePodResize(errors, object, old);
        else if (subresource == "status") validatePodStatusUpdate(errors, object, old);
        else return {};
    } else if (subresource == "approval" && resource.kind == "CertificateSigningRequest") {
        validateSigningRequestApproval(errors, object, old);
    } else if (subresource == "status" && rules != nullptr && rules->status != nullptr) {
        rules->status(errors, object, old);
    } else if (!old.isNull()) {
        validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], Path("metadata"));
        plain = false;
    }
    return withCommonUpdate(resource, object, old, std::move(errors), plain);
}

} // namespace api
