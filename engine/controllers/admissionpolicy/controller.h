#pragma once
// Says in the status of ValidatingAdmissionPolicies what their expressions get wrong about the types
// they are for. Source: pkg/controller/validatingadmissionpolicystatus; apiserver
// pkg/admission/plugin/policy/validating/typechecking.go.

#include "controllers/support/controller.h"

namespace controllers {

class AdmissionPolicyStatusController : public QueueController {
public:
    explicit AdmissionPolicyStatusController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& policies_;
};

// The warnings for one policy: [{fieldRef, warning}]. Only fields that the types do not have are
// found, not wrong operators.
std::vector<document::Value> expressionWarnings(const document::Value& policy);

} // namespace controllers
