#pragma once
// What the API server does on its own while it runs: it keeps the Lease that says it is alive and has
// etcd forget the past. Sources: kubernetes pkg/controlplane/apiserver (identity lease), apiserver
// pkg/storage/etcd3/compact.go.

#include <string>
#include <string_view>

namespace apiserver {

struct Core;

// "apiserver-" and a digest of the host's name.
std::string serverIdentity(std::string_view hostname);
void startIdentityLease(Core& core);
void startCompaction(Core& core);

} // namespace apiserver
