#pragma once
// Encryption at rest: what the values of some resources look like in etcd. Source: apiserver
// pkg/server/options/encryptionconfig, pkg/storage/value.

#include "apiserver/config.h"
#include "base/result.h"
#include "document/value.h"
#include "sim/random.h"

#include <string>
#include <string_view>

namespace apiserver {

// The first rule that names a resource ("secrets", "deployments.apps"); null: values are plain.
const EncryptionRule* encryptionFor(const std::vector<EncryptionRule>& rules, std::string_view group,
                                    std::string_view plural);
// By the rule's first provider; empty when that is `identity`.
std::string sealStored(const EncryptionRule& rule, std::string_view key, std::string_view plain, sim::Random& random);
base::Result<std::string> openStored(const EncryptionRule* rule, std::string_view key, std::string_view stored);
// Whether another key than the one that writes now made the value: the next write replaces it.
bool isStale(const EncryptionRule& rule, const document::Value& stored);
// Whether a value that nobody encrypted may be read.
bool readsPlain(const EncryptionRule& rule);

} // namespace apiserver
