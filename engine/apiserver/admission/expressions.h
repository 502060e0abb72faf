#pragma once
// What the expressions of policies and webhooks see of a request.

#include "apiserver/admission/plugin.h"
#include "apiserver/cel/cel.h"

namespace apiserver {

// The cluster's authorizer, asked for the user of the request or a service account.
class RequestAuthority final : public cel::Authority {
public:
    explicit RequestAuthority(Admission& admission) : admission_(admission) {}
    Answer check(const document::Value& asked) override;

private:
    Admission& admission_;
};

cel::Variables expressionVariables(const Admission& a);

} // namespace apiserver
