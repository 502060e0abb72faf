// Keys, deterministic ECDSA signatures (RFC 6979), PEM and JSON Web Tokens.
#include "base/strings.h"
#include "document/json.h"
#include "pki/der.h"
#include "pki/openssl.h"

namespace pki {
namespace {

constexpr std::size_t kBytes = 32;

const EC_GROUP* curve() {
    static const EC_GROUP* group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    return group;
}

BnPtr number(std::string_view bytes) {
    return BnPtr(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                           static_cast<int>(bytes.size()), nullptr));
}

std::string padded(const BIGNUM* value) {
    std::string out(kBytes, '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), kBytes);
    return out;
}

const std::string& algorithm() {
    static const std::string id = der::sequence(
        {der::objectId("1.2.840.10045.2.1"), der::objectId("1.2.840.10045.3.1.7")});
    return id;
}

std::string pointBytes(const EC_KEY* key) {
    unsigned char buffer[80];
    const std::size_t size =
        EC_POINT_point2oct(curve(), EC_KEY_get0_public_key(key), POINT_CONVERSION_UNCOMPRESSED,
                           buffer, sizeof buffer, nullptr);
    return std::string(reinterpret_cast<char*>(buffer), size);
}

KeyPtr computeKey(std::string secret) {
    auto key = std::make_shared<Key>();
    const BnPtr d = number(secret);
    key->ec.reset(EC_KEY_new());
    EC_KEY_set_group(key->ec.get(), curve());
    const PointPtr point(EC_POINT_new(curve()));
    EC_POINT_mul(curve(), point.get(), d.get(), nullptr, nullptr, nullptr);
    EC_KEY_set_private_key(key->ec.get(), d.get());
    EC_KEY_set_public_key(key->ec.get(), point.get());
    key->secret = std::move(secret);
    key->publicInfo = der::sequence({algorithm(), der::bits(pointBytes(key->ec.get()))});
    return key;
}

KeyPtr keyFromSecret(const std::string& secret) {
    thread_local Memo<KeyPtr> memo;
    if (const KeyPtr* known = memo.find(secret)) return *known;
    KeyPtr key = computeKey(secret);
    memo.keep(secret, key);
    return key;
}

bool inRange(const BIGNUM* value) {
    return !BN_is_zero(value) && BN_cmp(value, EC_GROUP_get0_order(curve())) < 0;
}

// The nonce of RFC 6979, section 3.2.
BnPtr nonce(const std::string& secret, std::string_view digest) {
    const BnPtr hashed = number(digest);
    if (BN_cmp(hashed.get(), EC_GROUP_get0_order(curve())) >= 0)
        BN_sub(hashed.get(), hashed.get(), EC_GROUP_get0_order(curve()));
    const std::string seed = secret + padded(hashed.get());
    std::string v(kBytes, '\x01');
    std::string k(kBytes, '\0');
    k = hmacSha256(k, v + std::string(1, '\0') + seed);
    v = hmacSha256(k, v);
    k = hmacSha256(k, v + std::string(1, '\x01') + seed);
    v = hmacSha256(k, v);
    while (true) {
        v = hmacSha256(k, v);
        BnPtr candidate = number(v);
        if (inRange(candidate.get())) return candidate;
        k = hmacSha256(k, v + std::string(1, '\0'));
        v = hmacSha256(k, v);
    }
}

} // namespace

std::string sha256(std::string_view bytes) {
    // The one-call form looks the algorithm up by its name every time.
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, bytes.data(), bytes.size());
    std::string out(kBytes, '\0');
    SHA256_Final(reinterpret_cast<unsigned char*>(out.data()), &state);
    return out;
}

std::string hmacSha256(std::string_view key, std::string_view bytes) {
    std::string block = key.size() > 64 ? sha256(key) : std::string(key);
    block.resize(64, '\0');
    std::string inner = block;
    std::string outer = block;
    for (char& c : inner) c = static_cast<char>(c ^ 0x36);
    for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
    inner += bytes;
    return sha256(outer + sha256(inner));
}

KeyPtr makeKey(sim::Random& random) {
    while (true) {
        std::string secret = random.bytes(kBytes);
        if (inRange(number(secret).get())) return keyFromSecret(secret);
    }
}

std::string signDigest(const Key& key, std::string_view digest, bool raw) {
    if (key.secret.empty()) return {};
    const BnContext context(BN_CTX_new());
    const BIGNUM* order = EC_GROUP_get0_order(curve());
    const BnPtr k = nonce(key.secret, digest);
    const PointPtr point(EC_POINT_new(curve()));
    EC_POINT_mul(curve(), point.get(), k.get(), nullptr, nullptr, context.get());
    const BnPtr x(BN_new());
    EC_POINT_get_affine_coordinates(curve(), point.get(), x.get(), nullptr, context.get());
    const BnPtr r(BN_new());
    BN_nnmod(r.get(), x.get(), order, context.get());
    const BnPtr inverse(BN_mod_inverse(nullptr, k.get(), order, context.get()));
    const SignaturePtr signature(
        ECDSA_do_sign_ex(reinterpret_cast<const unsigned char*>(digest.data()),
                         static_cast<int>(digest.size()), inverse.get(), r.get(), key.ec.get()));
    if (!signature) return {};
    const std::string first = padded(ECDSA_SIG_get0_r(signature.get()));
    const std::string second = padded(ECDSA_SIG_get0_s(signature.get()));
    if (raw) return first + second;
    return der::sequence({der::integer(first), der::integer(second)});
}

bool verifyDigestRaw(const Key& key, std::string_view digest, std::string_view raw) {
    if (raw.size() != 2 * kBytes || !key.ec) return false;
    const SignaturePtr signature(ECDSA_SIG_new());
    ECDSA_SIG_set0(signature.get(), number(raw.substr(0, kBytes)).release(),
                   number(raw.substr(kBytes)).release());
    return ECDSA_do_verify(reinterpret_cast<const unsigned char*>(digest.data()),
                           static_cast<int>(digest.size()), signature.get(), key.ec.get()) == 1;
}

base::Result<KeyPtr> readPublicInfo(std::string_view bytes) {
    thread_local Memo<KeyPtr> memo;
    if (const KeyPtr* known = memo.find(std::string(bytes))) return *known;
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    const PkeyPtr pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(bytes.size())));
    auto key = std::make_shared<Key>();
    if (pkey) key->ec.reset(EVP_PKEY_get1_EC_KEY(pkey.get()));
    if (!key->ec || EC_GROUP_get_curve_name(EC_KEY_get0_group(key->ec.get())) != NID_X9_62_prime256v1)
        return base::makeError("data does not contain any valid RSA or ECDSA public keys");
    key->publicInfo = std::string(bytes);
    memo.keep(key->publicInfo, key);
    return KeyPtr(key);
}

std::string writePem(std::string_view label, std::string_view bytes) {
    const std::string encoded = base::encodeBase64(bytes);
    std::string out = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t at = 0; at < encoded.size(); at += 64) {
        out += encoded.substr(at, 64);
        out += '\n';
    }
    return out + "-----END " + std::string(label) + "-----\n";
}

bool nextPem(std::string_view& text, std::string& label, std::string& bytes) {
    static constexpr std::string_view kBegin = "-----BEGIN ";
    while (true) {
        const std::size_t begin = text.find(kBegin);
        if (begin == std::string_view::npos) return false;
        text.remove_prefix(begin + kBegin.size());
        const std::size_t labelEnd = text.find("-----");
        if (labelEnd == std::string_view::npos) return false;
        label = std::string(text.substr(0, labelEnd));
        const std::string ending = "-----END " + label + "-----";
        const std::size_t end = text.find(ending, labelEnd);
        if (end == std::string_view::npos) continue;
        const auto decoded = base::decodeBase64(text.substr(labelEnd + 5, end - labelEnd - 5));
        text.remove_prefix(end + ending.size());
        if (!decoded) continue;
        bytes = *decoded;
        return true;
    }
}

namespace {

// ECPrivateKey of RFC 5915.
std::string privateBytes(const Key& key) {
    const std::string parameters = der::explicitTag(0, der::objectId("1.2.840.10045.3.1.7"));
    const std::string point = der::explicitTag(1, der::bits(pointBytes(key.ec.get())));
    return der::sequence({der::smallInteger(1), der::octets(key.secret), parameters, point});
}

// OpenSSL's decoders try every format they know; what `writeKeyPem` wrote is read without them. Null when
// the bytes are anything else.
KeyPtr readOwnKey(std::string_view bytes) {
    constexpr std::size_t kSecretAt = 7; // after the heads of the sequence, the version and the octets
    if (bytes.size() < kSecretAt + kBytes) return nullptr;
    const std::string secret(bytes.substr(kSecretAt, kBytes));
    if (!inRange(number(secret).get())) return nullptr;
    KeyPtr key = keyFromSecret(secret);
    return privateBytes(*key) == bytes ? key : nullptr;
}

} // namespace

std::string writeKeyPem(const Key& key) {
    if (key.secret.empty()) return writePem("PUBLIC KEY", key.publicInfo);
    return writePem("EC PRIVATE KEY", privateBytes(key));
}

base::Result<KeyPtr> readKeyPem(std::string_view pem) {
    std::string label, bytes;
    while (nextPem(pem, label, bytes)) {
        if (label == "PUBLIC KEY") return readPublicInfo(bytes);
        if (!label.ends_with("PRIVATE KEY")) continue;
        if (KeyPtr own = readOwnKey(bytes)) return own;
        const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
        const PkeyPtr pkey(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(bytes.size())));
        const EcKeyPtr ec(pkey ? EVP_PKEY_get1_EC_KEY(pkey.get()) : nullptr);
        if (!ec) continue;
        const BIGNUM* secret = EC_KEY_get0_private_key(ec.get());
        if (secret == nullptr || !inRange(secret)) continue;
        return keyFromSecret(padded(secret));
    }
    return base::makeError("data does not contain a valid RSA or ECDSA private key");
}

std::string publicKeyPem(const Key& key) { return writePem("PUBLIC KEY", key.publicInfo); }

namespace {
// Tokens signed here and by which key: such a signature need not be verified.
Memo<std::string>& signedTokens() {
    thread_local Memo<std::string> memo;
    return memo;
}
} // namespace

std::string signJwt(std::string_view claims, std::string_view keyId, const Key& key) {
    std::string header = R"({"alg":"ES256")";
    if (!keyId.empty()) header += ",\"kid\":" + base::quoteGo(keyId);
    header += "}";
    const std::string body = base::encodeBase64Url(header) + "." + base::encodeBase64Url(claims);
    std::string token = body + "." + base::encodeBase64Url(signDigest(key, sha256(body), true));
    signedTokens().keep(token, key.publicInfo);
    return token;
}

base::Result<std::string> verifyJwt(std::string_view token, const std::vector<KeyPtr>& keys) {
    const std::size_t last = token.rfind('.');
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos || first == last)
        return base::makeError("square/go-jose: compact JWS format must have three parts");
    const auto signature = base::decodeBase64Url(token.substr(last + 1));
    const auto claims = base::decodeBase64Url(token.substr(first + 1, last - first - 1));
    if (!signature || !claims) return base::makeError("illegal base64 data in token");
    if (const std::string* signer = signedTokens().find(std::string(token)))
        for (const auto& key : keys)
            if (key && key->publicInfo == *signer) return *claims;
    const std::string digest = sha256(token.substr(0, last));
    for (const auto& key : keys)
        if (key && verifyDigestRaw(*key, digest, *signature)) return *claims;
    return base::makeError("invalid signature");
}

} // namespace pki
