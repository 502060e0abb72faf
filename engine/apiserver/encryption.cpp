#include "apiserver/encryption.h"

#include "base/strings.h"
#include "pki/seal.h"

#include <algorithm>

namespace apiserver {
namespace {

std::string prefixOf(const EncryptionProvider& provider) { return "k8s:enc:" + provider.kind + ":v1:"; }

std::string seal(const EncryptionProvider& provider, std::string_view context, std::string_view plain,
                 sim::Random& random) {
    const std::string& secret = provider.keys.front().secret;
    if (provider.kind == "aescbc") return pki::sealCbc(secret, plain, random);
    if (provider.kind == "aesgcm") return pki::sealGcm(secret, plain, context, random);
    return pki::sealBox(secret, plain, random);
}

base::Result<std::string> open(const EncryptionProvider& provider, const EncryptionKey& key, std::string_view context,
                               std::string_view sealed) {
    if (provider.kind == "aescbc") return pki::openCbc(key.secret, sealed);
    if (provider.kind == "aesgcm") return pki::openGcm(key.secret, sealed, context);
    return pki::openBox(key.secret, sealed);
}

// Source: encryptionconfig getTransformer: "*." is the core group, "*.*" everything.
bool names(const std::string& pattern, const std::string& resource, std::string_view group) {
    if (pattern == "*.*" || pattern == resource) return true;
    return pattern.starts_with("*.") && std::string_view(pattern).substr(2) == group;
}

} // namespace

const EncryptionRule* encryptionFor(const std::vector<EncryptionRule>& rules, std::string_view group,
                                    std::string_view plural) {
    if (rules.empty()) return nullptr;
    const std::string resource = group.empty() ? std::string(plural) : std::string(plural) + "." + std::string(group);
    for (const EncryptionRule& rule : rules)
        for (const std::string& pattern : rule.resources)
            if (names(pattern, resource, group)) return &rule;
    return nullptr;
}

bool readsPlain(const EncryptionRule& rule) {
    for (const EncryptionProvider& provider : rule.providers)
        if (provider.kind == "identity") return true;
    return false;
}

bool isStale(const EncryptionRule& rule, const document::Value& stored) {
    const EncryptionProvider& first = rule.providers.front();
    if (first.kind == "identity") return stored.isString();
    return !stored.isString() ||
           !stored.asString().starts_with(prefixOf(first) + first.keys.front().name + ":");
}

std::string sealStored(const EncryptionRule& rule, std::string_view key, std::string_view plain, sim::Random& random) {
    const EncryptionProvider& first = rule.providers.front();
    if (first.kind == "identity") return {};
    return prefixOf(first) + first.keys.front().name + ":" + seal(first, key, plain, random);
}

base::Result<std::string> openStored(const EncryptionRule* rule, std::string_view key, std::string_view stored) {
    if (!stored.starts_with("k8s:enc:")) return std::string(stored);
    if (rule == nullptr) return base::makeError("identity transformer tried to read encrypted data");
    // The same kind may be listed again with the keys that are on their way out.
    std::vector<std::string> failures;
    for (const EncryptionProvider& provider : rule->providers) {
        const std::string prefix = prefixOf(provider);
        if (provider.kind == "identity" || !stored.starts_with(prefix)) continue;
        const std::string_view rest = stored.substr(prefix.size());
        base::Result<std::string> opened =
            base::makeError("no matching key was found for the provided " +
                            std::string(provider.kind == "secretbox" ? "Secretbox" : "AES") + " transformer");
        for (const EncryptionKey& known : provider.keys)
            if (!opened.ok() && rest.starts_with(known.name + ":"))
                opened = open(provider, known, key, rest.substr(known.name.size() + 1));
        if (opened.ok()) return opened;
        const std::string& text = opened.error().message;
        if (std::find(failures.begin(), failures.end(), text) == failures.end()) failures.push_back(text);
    }
    if (failures.empty()) return base::makeError("no matching prefix found");
    if (failures.size() == 1) return base::makeError(failures[0]);
    return base::makeError("[" + base::join(failures, ", ") + "]");
}

} // namespace apiserver
