#include "core/net/jwt.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace pilotlight::net {
namespace {

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

Bio memory(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A key with a password asks for it on the terminal unless told otherwise.
int noPassword(char*, int, int, void*) { return 0; }

}  // namespace

std::string base64Url(std::string_view bytes) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char c : bytes) {
        buffer = (buffer << 8) | static_cast<unsigned char>(c);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out.push_back(digits[(buffer >> bits) & 63]);
        }
    }
    if (bits > 0) out.push_back(digits[(buffer << (6 - bits)) & 63]);
    return out;
}

Result<std::string> signRs256(std::string_view header, std::string_view claims, std::string_view private_key) {
    const Bio bio = memory(private_key);
    const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassword, nullptr) : nullptr);
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
        return fail(ErrorCode::invalid_argument, "The private key cannot be read", "Nothing can be signed with it.",
                    "It must be an RSA key in PEM form, without a password.");
    }
    std::string text = base64Url(header) + "." + base64Url(claims);
    const Digest digest(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(digest.get(), nullptr, &size, reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
        return fail(ErrorCode::internal, "Signing failed");
    }
    std::string signature(size, '\0');
    if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
        return fail(ErrorCode::internal, "Signing failed");
    }
    signature.resize(size);
    return text + "." + base64Url(signature);
}

Result<CertificateThumbprints> thumbprintsOf(std::string_view certificate) {
    const Bio bio = memory(certificate);
    const Certificate read(bio ? PEM_read_bio_X509(bio.get(), nullptr, noPassword, nullptr) : nullptr);
    if (!read) {
        return fail(ErrorCode::invalid_argument, "The certificate cannot be read", "Nothing can be signed with it.",
                    "The file must hold the certificate and its private key in PEM form.");
    }
    const auto of = [&](const EVP_MD* kind) {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        if (X509_digest(read.get(), kind, bytes, &size) != 1) size = 0;
        return base64Url({reinterpret_cast<const char*>(bytes), size});
    };
    return CertificateThumbprints{of(EVP_sha256()), of(EVP_sha1())};
}

}  // namespace pilotlight::net
