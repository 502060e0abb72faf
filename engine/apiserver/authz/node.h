#pragma once
// What kubelets may do. Source: kubernetes plugin/pkg/auth/authorizer/node.

#include "apiserver/authz/rbac.h"

namespace apiserver {

// The node's name when the user is a kubelet, else empty.
std::string nodeNameOf(const UserInfo& user);
Decision authorizeNode(Core& core, const Attributes& attributes);

} // namespace apiserver
