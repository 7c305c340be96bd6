#include "app/sandbox/certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace pilotlight::sandbox {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Cert = std::unique_ptr<X509, void (*)(X509*)>;

bool extend(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    if (extension == nullptr) return false;
    const bool done = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

Cert blank(EVP_PKEY* key, const char* name) {
    Cert certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    std::uint64_t serial = 1;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30L * 86400);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name),
                               -1, -1, 0);
    return certificate;
}

}  // namespace

Result<Certificate> makeCertificate() {
    const auto failed = [] {
        return fail(ErrorCode::internal, "No certificate could be made for TLS.", "The sandbox does not start.",
                    "Start it without --tls, or check the OpenSSL installation.");
    };
    Key ca_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (!ca_key || !key) return failed();
    Cert ca = blank(ca_key.get(), "Pilotlight sandbox CA");
    X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
    bool good = extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") &&
                extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash") && X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0;
    Cert leaf = blank(key.get(), "127.0.0.1");
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get()));
    good = good && extend(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE") &&
           extend(leaf.get(), ca.get(), NID_key_usage, "critical,digitalSignature") &&
           extend(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth") &&
           extend(leaf.get(), ca.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost") &&
           extend(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid:always") &&
           X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0;
    BIO* memory = BIO_new(BIO_s_mem());
    good = good && memory != nullptr && PEM_write_bio_X509(memory, ca.get()) == 1;
    Certificate result;
    if (good) {
        char* text = nullptr;
        const long length = BIO_get_mem_data(memory, &text);
        result.ca_pem.assign(text, static_cast<std::size_t>(length));
    }
    BIO_free(memory);
    if (!good) return failed();
    result.certificate = std::move(leaf);
    result.key = std::move(key);
    return result;
}

}  // namespace pilotlight::sandbox
