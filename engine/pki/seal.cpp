#include "pki/seal.h"

#include "pki/openssl.h"

namespace pki {
namespace {

using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;

constexpr std::size_t kBlock = 16, kNonce = 12, kTag = 16;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

const EVP_CIPHER* cbcFor(std::string_view key) {
    if (key.size() == 16) return EVP_aes_128_cbc();
    return key.size() == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
}
const EVP_CIPHER* gcmFor(std::string_view key) {
    if (key.size() == 16) return EVP_aes_128_gcm();
    return key.size() == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
}

std::string sealAuthenticated(const EVP_CIPHER* cipher, std::string_view key, std::string_view plain,
                              std::string_view context, sim::Random& random) {
    const std::string nonce = random.bytes(kNonce);
    const CipherPtr state(EVP_CIPHER_CTX_new());
    std::string out(plain.size() + kBlock, '\0'), tag(kTag, '\0');
    int size = 0, rest = 0;
    EVP_EncryptInit_ex(state.get(), cipher, nullptr, bytes(key), bytes(nonce));
    if (!context.empty())
        EVP_EncryptUpdate(state.get(), nullptr, &size, bytes(context), static_cast<int>(context.size()));
    EVP_EncryptUpdate(state.get(), bytes(out), &size, bytes(plain), static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(state.get(), bytes(out) + size, &rest);
    EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTag), tag.data());
    out.resize(static_cast<std::size_t>(size + rest));
    return nonce + out + tag;
}

base::Result<std::string> openAuthenticated(const EVP_CIPHER* cipher, std::string_view key, std::string_view sealed,
                                            std::string_view context) {
    const base::Error failed = base::makeError("cipher: message authentication failed");
    if (sealed.size() < kNonce + kTag) return base::makeError("the stored data was shorter than the required size");
    const std::string_view nonce = sealed.substr(0, kNonce);
    const std::string_view text = sealed.substr(kNonce, sealed.size() - kNonce - kTag);
    std::string tag(sealed.substr(sealed.size() - kTag));
    const CipherPtr state(EVP_CIPHER_CTX_new());
    std::string out(text.size() + kBlock, '\0');
    int size = 0, rest = 0;
    if (EVP_DecryptInit_ex(state.get(), cipher, nullptr, bytes(key), bytes(nonce)) != 1) return failed;
    if (!context.empty() &&
        EVP_DecryptUpdate(state.get(), nullptr, &size, bytes(context), static_cast<int>(context.size())) != 1)
        return failed;
    if (EVP_DecryptUpdate(state.get(), bytes(out), &size, bytes(text), static_cast<int>(text.size())) != 1) return failed;
    EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data());
    if (EVP_DecryptFinal_ex(state.get(), bytes(out) + size, &rest) != 1) return failed;
    out.resize(static_cast<std::size_t>(size + rest));
    return out;
}

} // namespace

std::string sealCbc(std::string_view key, std::string_view plain, sim::Random& random) {
    const std::string vector = random.bytes(kBlock);
    const CipherPtr state(EVP_CIPHER_CTX_new());
    std::string out(plain.size() + 2 * kBlock, '\0');
    int size = 0, rest = 0;
    EVP_EncryptInit_ex(state.get(), cbcFor(key), nullptr, bytes(key), bytes(vector));
    EVP_EncryptUpdate(state.get(), bytes(out), &size, bytes(plain), static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(state.get(), bytes(out) + size, &rest);
    out.resize(static_cast<std::size_t>(size + rest));
    return vector + out;
}

base::Result<std::string> openCbc(std::string_view key, std::string_view sealed) {
    if (sealed.size() < kBlock) return base::makeError("the stored data was shorter than the required size");
    const std::string_view text = sealed.substr(kBlock);
    if (text.size() % kBlock != 0) return base::makeError("the stored data is not a multiple of the block size");
    const CipherPtr state(EVP_CIPHER_CTX_new());
    std::string out(text.size() + kBlock, '\0');
    int size = 0, rest = 0;
    const bool fine = EVP_DecryptInit_ex(state.get(), cbcFor(key), nullptr, bytes(key), bytes(sealed)) == 1 &&
                      EVP_DecryptUpdate(state.get(), bytes(out), &size, bytes(text), static_cast<int>(text.size())) == 1 &&
                      EVP_DecryptFinal_ex(state.get(), bytes(out) + size, &rest) == 1;
    if (!fine) return base::makeError("invalid padding on input");
    out.resize(static_cast<std::size_t>(size + rest));
    return out;
}

std::string sealGcm(std::string_view key, std::string_view plain, std::string_view context, sim::Random& random) {
    return sealAuthenticated(gcmFor(key), key, plain, context, random);
}
base::Result<std::string> openGcm(std::string_view key, std::string_view sealed, std::string_view context) {
    return openAuthenticated(gcmFor(key), key, sealed, context);
}
std::string sealBox(std::string_view key, std::string_view plain, sim::Random& random) {
    return sealAuthenticated(EVP_chacha20_poly1305(), key, plain, {}, random);
}
base::Result<std::string> openBox(std::string_view key, std::string_view sealed) {
    return openAuthenticated(EVP_chacha20_poly1305(), key, sealed, {});
}

} // namespace pki
