#pragma once
// Says in the status of ValidatingAdmissionPolicies what their expressions get wrong about the types
// they are for. Source: pkg/controller/validatingadmissionpolicystatus; apiserver
// pkg/admission/plugin/policy/validating/typechecking.go.

#include "apiserver/cel/cel.h"
#include "controllers/support/controller.h"

namespace controllers {

// A kind that a policy is for.
struct CheckedKind {
    std::string group, version, kind;
    apiserver::cel::TypePtr type;
};

class AdmissionPolicyStatusController : public QueueController {
public:
    explicit AdmissionPolicyStatusController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    sim::Task<document::Value> read(std::string path);
    sim::Task<void> addCustomKinds(document::Value policy, std::vector<CheckedKind>* kinds);

    client::Informer& policies_;
};

std::vector<CheckedKind> builtinKindsOf(const document::Value& policy);
// The warnings for one policy: [{fieldRef, warning}].
std::vector<document::Value> expressionWarnings(const document::Value& policy, std::vector<CheckedKind> kinds);

} // namespace controllers
