// Who is asking. Source: kube-apiserver authenticator union: request header, client certificate,
// tokens (static, service account, bootstrap), then anonymous.
#include "apiserver/core.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>

namespace apiserver {

using document::Value;

bool UserInfo::inGroup(std::string_view group) const {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
}

namespace {

base::Error unauthorized() { return api::statusError(401, "Unauthorized", "Unauthorized"); }

// The address of a certificate names it only while the table of verified ones keeps it alive.
std::string fingerprintOf(Core& core, const pki::CertificatePtr& leaf) {
    const auto& known = core.authenticator.fingerprints;
    if (const auto place = known.find(leaf.get()); place != known.end()) return place->second;
    return pki::fingerprintSha256(*leaf);
}

base::Result<UserInfo> fromCertificate(Core& core, const std::vector<pki::CertificatePtr>& chain) {
    const pki::CertificatePtr& leaf = chain.front();
    const std::string print = fingerprintOf(core, leaf);
    Authenticator& known = core.authenticator;
    const std::int64_t now = core.kernel.unixNow();
    const auto place = known.certificates.find(print);
    if (place != known.certificates.end() && now >= place->second.notBefore && now <= place->second.notAfter)
        return place->second.user;
    const base::Status verified =
        pki::verify(chain, core.config.clientAuthorities, now, pki::Usage::Client);
    if (!verified.ok()) return verified.error();
    const pki::CertificateInfo info = pki::inspect(*leaf);
    UserInfo user;
    user.name = info.subject.commonName;
    user.groups = info.subject.organizations;
    user.extra["authentication.kubernetes.io/credential-id"] = {"X509SHA256=" + print};
    if (user.name.empty()) return base::makeError("no common name");
    if (known.certificates.size() > 10'000) {
        known.certificates.clear();
        known.fingerprints.clear();
    }
    known.certificates.insert_or_assign(
        print, Authenticator::KnownCertificate{leaf, user, info.notBefore, info.notAfter});
    known.fingerprints[leaf.get()] = print;
    return user;
}

// Identities that a front proxy passes on. Source: apiserver authentication/request/headerrequest.
std::optional<UserInfo> fromProxy(Core& core, const ports::Request& request) {
    if (core.config.requestHeaderAuthorities.empty() || request.clientChain.empty()) return {};
    const std::string_view name = request.headers.get("X-Remote-User");
    if (name.empty()) return {};
    if (!pki::verify(request.clientChain, core.config.requestHeaderAuthorities,
                     core.kernel.unixNow(), pki::Usage::Client)
             .ok())
        return {};
    const auto& allowed = core.config.requestHeaderNames;
    const std::string common = pki::inspect(*request.clientChain.front()).subject.commonName;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), common) == allowed.end()) return {};
    UserInfo user;
    user.name = name;
    user.groups = request.headers.all("X-Remote-Group");
    return user;
}

std::vector<std::string> audiencesOf(const Config& config) {
    if (!config.apiAudiences.empty()) return config.apiAudiences;
    return {config.serviceAccountIssuer};
}

std::vector<std::string> texts(const Value& value) {
    std::vector<std::string> out;
    if (value.isString()) out.push_back(value.text());
    for (const Value& item : value.items()) out.push_back(item.text());
    return out;
}

UserInfo accountUser(std::string_view ns, std::string_view name, std::string_view uid) {
    UserInfo user;
    user.name = "system:serviceaccount:" + std::string(ns) + ":" + std::string(name);
    user.uid = uid;
    user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + std::string(ns)};
    return user;
}

// Tokens kept in Secrets of type kubernetes.io/service-account-token.
base::Result<TokenIdentity> legacyToken(Core& core, const Value& claims, const std::string& token) {
    const std::string prefix = "kubernetes.io/serviceaccount/";
    const auto claim = [&](const char* name) { return claims[prefix + name].asString(); };
    const std::string_view ns = claim("namespace"), name = claim("service-account.name");
    const Value account = core.lookup("", "serviceaccounts", ns, name);
    const Value secret = core.lookup("", "secrets", ns, claim("secret.name"));
    const auto stored = base::decodeBase64(secret.at("data", "token").asString());
    if (account.isNull() || metaText(account, "uid") != claim("service-account.uid") || !stored ||
        *stored != token)
        return unauthorized();
    return TokenIdentity{accountUser(ns, name, metaText(account, "uid")), audiencesOf(core.config)};
}

bool boundObjectLives(Core& core, std::string_view plural, std::string_view ns, const Value& reference) {
    if (reference.isNull()) return true;
    const Value object = core.lookup("", plural, ns, reference["name"].asString());
    return !object.isNull() && metaText(object, "uid") == reference["uid"].asString();
}

base::Result<Value> verifiedClaims(Core& core, const std::string& token) {
    auto& known = core.authenticator.tokens;
    if (const auto place = known.find(token); place != known.end()) return place->second;
    auto text = pki::verifyJwt(token, core.config.serviceAccountKeys);
    if (!text.ok()) return text.error();
    auto claims = document::readJson(text.value());
    if (!claims.ok()) return claims.error();
    if (known.size() > 10'000) known.clear();
    known.emplace(token, claims.value());
    return claims;
}

UserInfo tokenUser(const Value& claims) {
    const Value& bound = claims["kubernetes.io"];
    const Value& reference = bound["serviceaccount"];
    UserInfo user = accountUser(bound["namespace"].asString(), reference["name"].asString(),
                                reference["uid"].asString());
    const std::string prefix = "authentication.kubernetes.io/";
    if (claims.has("jti")) user.extra[prefix + "credential-id"] = {"JTI=" + claims["jti"].text()};
    if (bound.has("pod")) {
        user.extra[prefix + "pod-name"] = {bound["pod"]["name"].text()};
        user.extra[prefix + "pod-uid"] = {bound["pod"]["uid"].text()};
    }
    if (bound.has("node")) {
        user.extra[prefix + "node-name"] = {bound["node"]["name"].text()};
        if (bound["node"].has("uid")) user.extra[prefix + "node-uid"] = {bound["node"]["uid"].text()};
    }
    return user;
}

base::Result<TokenIdentity> accountToken(Core& core, const std::string& token,
                                         const std::vector<std::string>& audiences) {
    auto verified = verifiedClaims(core, token);
    if (!verified.ok()) return unauthorized();
    const Value& claims = verified.value();
    if (claims["iss"].asString() == "kubernetes/serviceaccount") return legacyToken(core, claims, token);
    if (claims["iss"].asString() != core.config.serviceAccountIssuer) return unauthorized();
    const std::int64_t now = core.kernel.unixNow() / sim::kSecond;
    if (claims["exp"].asInt() < now || claims["nbf"].asInt() > now) return unauthorized();
    std::vector<std::string> matched;
    for (const std::string& audience : texts(claims["aud"]))
        if (std::find(audiences.begin(), audiences.end(), audience) != audiences.end())
            matched.push_back(audience);
    if (matched.empty()) return unauthorized();
    const Value& bound = claims["kubernetes.io"];
    const std::string_view ns = bound["namespace"].asString();
    if (bound["serviceaccount"].isNull() ||
        !boundObjectLives(core, "serviceaccounts", ns, bound["serviceaccount"]) ||
        !boundObjectLives(core, "pods", ns, bound["pod"]) ||
        !boundObjectLives(core, "secrets", ns, bound["secret"]))
        return unauthorized();
    return TokenIdentity{tokenUser(claims), std::move(matched)};
}

// Source: plugin/pkg/auth/authenticator/token/bootstrap.
std::optional<UserInfo> bootstrapToken(Core& core, const std::string& token) {
    if (token.size() != 23 || token[6] != '.') return {};
    const std::string id = token.substr(0, 6);
    const Value secret = core.lookup("", "secrets", "kube-system", "bootstrap-token-" + id);
    if (secret.isNull() || secret["type"].asString() != "bootstrap.kubernetes.io/token") return {};
    if (!metaText(secret, "deletionTimestamp").empty()) return {};
    const auto field = [&](std::string_view key) {
        return base::decodeBase64(secret["data"][key].asString()).value_or("");
    };
    if (field("token-id") != id || field("token-secret") != token.substr(7)) return {};
    if (field("usage-bootstrap-authentication") != "true") return {};
    const std::string expires = field("expiration");
    if (!expires.empty()) {
        const auto at = sim::parseRfc3339(expires);
        if (!at || *at < core.kernel.unixNow()) return {};
    }
    UserInfo user;
    user.name = "system:bootstrap:" + id;
    user.groups = {"system:bootstrappers"};
    for (const std::string& group : base::split(field("auth-extra-groups"), ','))
        if (!group.empty()) user.groups.push_back(group);
    return user;
}

UserInfo authenticated(UserInfo user) {
    if (!user.inGroup("system:authenticated")) user.groups.push_back("system:authenticated");
    return user;
}

} // namespace

base::Result<TokenIdentity> authenticateToken(Core& core, const std::string& token,
                                              const std::vector<std::string>& audiences) {
    for (const StaticToken& known : core.config.tokens)
        if (known.token == token) return TokenIdentity{authenticated(known.user), {}};
    if (std::count(token.begin(), token.end(), '.') == 2) {
        const std::vector<std::string> wanted = audiences.empty() ? audiencesOf(core.config) : audiences;
        BASE_TRY(TokenIdentity identity, accountToken(core, token, wanted));
        identity.user = authenticated(std::move(identity.user));
        return identity;
    }
    if (core.config.bootstrapTokens)
        if (auto user = bootstrapToken(core, token)) return TokenIdentity{authenticated(*user), {}};
    return unauthorized();
}

base::Result<UserInfo> authenticate(Core& core, const ports::Request& request) {
    bool failed = false;
    if (auto user = fromProxy(core, request)) return authenticated(*user);
    if (!request.clientChain.empty() && !core.config.clientAuthorities.empty()) {
        auto user = fromCertificate(core, request.clientChain);
        if (user.ok()) return authenticated(std::move(user).value());
        failed = true;
    }
    const std::string_view header = request.headers.get("Authorization");
    const auto space = header.find(' ');
    if (space != std::string_view::npos && base::toLower(header.substr(0, space)) == "bearer") {
        const std::string token(base::trim(header.substr(space + 1)));
        if (!token.empty()) {
            auto identity = authenticateToken(core, token, {});
            if (identity.ok()) return std::move(identity.value().user);
            failed = true;
        }
    }
    if (failed || !core.config.anonymous) return unauthorized();
    UserInfo user;
    user.name = "system:anonymous";
    user.groups = {"system:unauthenticated"};
    return user;
}

} // namespace apiserver
