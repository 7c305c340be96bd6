// Google credentials from where the ecosystem keeps them, in the order of Application Default Credentials: the file that
// GOOGLE_APPLICATION_CREDENTIALS names (which must be readable), gcloud's application_default_credentials.json, the metadata server.
// Files of the types service_account, authorized_user, external_account (source: file or url), external_account_authorized_user and
// impersonated_service_account. Nothing is ever written; secrets are registered with addSecret().
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/net/environment.h"
#include "core/net/http_client.h"

namespace pilotlight::net {

struct GoogleToken {
    std::string value;          // bearer
    std::string quota_project;  // x-goog-user-project; empty = none
    std::string project;        // of the key or the machine; empty = unknown
    std::string principal;      // e-mail address; empty where the file does not tell (a person's)
    std::string source;         // "service account key", "gcloud application default login", ...
    Timestamp expires{};
};

struct GoogleCredentialOptions {
    std::string endpoint_url;       // chosen by the user: replaces scheme://host[:port] of logins, except a service account's token_uri
    EnvironmentReader environment;  // empty = the process's
    std::shared_ptr<HttpClient> http;
    milliseconds metadata_timeout{1'000};
};

class GoogleCredentialSource {
public:
    explicit GoogleCredentialSource(GoogleCredentialOptions options);
    ~GoogleCredentialSource();

    // Thread-safe. Held in memory until 5 minutes before it expires. Scope: cloud-platform (Cloud Functions offers no narrower one).
    // Errors: unauthenticated (none found, or refused), credentials_expired (`action` is the command that renews them),
    // invalid_argument (a file that cannot be used, or names a host that is not Google's), unsupported (a source that Pilotlight does
    // not run: executable, AWS, certificate), network.
    [[nodiscard]] Result<GoogleToken> get(Timestamp now, std::stop_token stop = {});
    // Forgets what is held: after the platform called it expired.
    void invalidate();
    // GOOGLE_CLOUD_PROJECT, else the project of the key file; empty = unknown. Makes no call.
    [[nodiscard]] std::string defaultProject() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pilotlight::net
