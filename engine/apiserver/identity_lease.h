#pragma once
// The Lease by which an API server says that it is alive. Source: kubernetes pkg/controlplane/apiserver.

#include <string>
#include <string_view>

namespace apiserver {

struct Core;

// "apiserver-" and a digest of the host's name.
std::string serverIdentity(std::string_view hostname);
void startIdentityLease(Core& core);

} // namespace apiserver
