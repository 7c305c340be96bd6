#include "core/net/aws_credentials.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/net/aws_credential_steps.h"
#include "core/net/url.h"

namespace pilotlight::net {
namespace {

// Refresh windows of the SDKs (botocore: advisory 15 min, mandatory 10 min).
constexpr minutes kAdvisory{15};
constexpr minutes kMandatory{10};
constexpr seconds kHoldStatic{60};

std::string joined(const std::vector<std::string>& words, const char* separator) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : separator) + word;
    return out;
}

std::optional<AwsCredentials> staticKeys(const AwsIniSection* section, const std::string& source) {
    if (section == nullptr) return std::nullopt;
    const auto of = [&](const char* key) {
        const auto at = section->values.find(key);
        return at == section->values.end() ? std::string() : at->second;
    };
    AwsCredentials out;
    out.access_key_id = of("aws_access_key_id");
    out.secret_access_key = of("aws_secret_access_key");
    out.session_token = of("aws_session_token");
    out.source = source;
    if (out.access_key_id.empty() || out.secret_access_key.empty()) return std::nullopt;
    return guarded(std::move(out));
}

Result<std::optional<AwsCredentials>> environmentKeys(const CredentialContext& context) {
    const auto id = context.environment("AWS_ACCESS_KEY_ID");
    if (!id) return std::nullopt;
    const auto secret = context.environment("AWS_SECRET_ACCESS_KEY");
    if (!secret) {
        return fail(ErrorCode::unauthenticated, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY", "", "Set both, or neither.");
    }
    return guarded({*id, *secret, context.environment("AWS_SESSION_TOKEN").value_or(""), std::nullopt, "environment"});
}

class ProfileResolver {
public:
    explicit ProfileResolver(const CredentialContext& context) : context_(context) {}

    // nullopt: the profile holds no credentials.
    Result<std::optional<AwsCredentials>> resolve(const std::string& name) {
        if (std::find(visited_.begin(), visited_.end(), name) != visited_.end()) {
            visited_.push_back(name);
            return fail(ErrorCode::invalid_argument, "The AWS profiles refer to each other in a circle: " + joined(visited_, " -> "), "",
                        "Correct source_profile in " + context_.config.config_path + ".");
        }
        visited_.push_back(name);
        const AwsConfig& config = context_.config;
        const auto role = config.value(name, "role_arn");
        const auto token_file = config.value(name, "web_identity_token_file");
        if (role && token_file) {
            PILOTLIGHT_ASSIGN(auto found, assumeRoleWithWebIdentity(context_, roleRequest(name, *role), *token_file));
            return found;
        }
        if (role) {
            PILOTLIGHT_ASSIGN(auto found, throughRole(name, *role));
            return found;
        }
        if (config.value(name, "sso_session") || config.value(name, "sso_start_url")) {
            PILOTLIGHT_ASSIGN(auto found, ssoCredentials(context_, name));
            return found;
        }
        if (auto found = staticKeys(config.credentials(name), "profile " + name + " (credentials file)")) return found;
        if (config.value(name, "login_session")) {
            return fail(ErrorCode::unauthenticated, "The profile " + name + " was made by \"aws login\", whose cache Pilotlight does not read",
                        "There are no credentials for it.",
                        "eval \"$(aws configure export-credentials --profile " + name + " --format env)\"");
        }
        if (const auto command = config.value(name, "credential_process")) {
            PILOTLIGHT_ASSIGN(auto found, processCredentials(context_, name, *command));
            return found;
        }
        return staticKeys(config.profile(name), "profile " + name + " (config file)");
    }

private:
    RoleRequest roleRequest(const std::string& name, const std::string& role_arn) const {
        const auto value = [&](const char* key) { return context_.config.value(name, key).value_or(""); };
        RoleRequest request{role_arn, value("role_session_name"), value("external_id"), value("mfa_serial"), 3600, name};
        if (const auto duration = value("duration_seconds"); !duration.empty()) {
            request.duration_seconds = std::clamp(std::atoi(duration.c_str()), 900, 43'200);
        }
        return request;
    }

    Result<AwsCredentials> throughRole(const std::string& name, const std::string& role_arn) {
        const auto source_profile = context_.config.value(name, "source_profile");
        const auto credential_source = context_.config.value(name, "credential_source");
        if (source_profile.has_value() == credential_source.has_value()) {
            return fail(ErrorCode::invalid_argument,
                        "The profile " + name + " has a role_arn and " +
                            (source_profile ? "both source_profile and credential_source" : "neither source_profile nor credential_source"),
                        "The role cannot be assumed.", "Correct the profile in " + context_.config.config_path + ".");
        }
        std::optional<AwsCredentials> base;
        std::string where;
        if (credential_source) {
            where = "credential_source " + *credential_source;
            if (*credential_source == "Environment") {
                PILOTLIGHT_ASSIGN(base, environmentKeys(context_));
            } else if (*credential_source == "Ec2InstanceMetadata") {
                PILOTLIGHT_ASSIGN(base, instanceCredentials(context_));
            } else if (*credential_source == "EcsContainer") {
                PILOTLIGHT_ASSIGN(base, containerCredentials(context_));
            } else {
                return fail(ErrorCode::invalid_argument, "The profile " + name + " has an unknown credential_source: " + *credential_source,
                            "", "Use Environment, Ec2InstanceMetadata or EcsContainer.");
            }
        } else if (*source_profile == name) {  // its own static keys
            where = "the profile " + name + " itself";
            base = staticKeys(context_.config.credentials(name), "profile " + name);
            if (!base) base = staticKeys(context_.config.profile(name), "profile " + name);
        } else {
            where = "the profile " + *source_profile;
            if (!context_.config.hasProfile(*source_profile)) {
                return fail(ErrorCode::invalid_argument,
                            "The profile " + name + " names the source_profile " + *source_profile + ", which does not exist", "",
                            "Correct the profile in " + context_.config.config_path + ".");
            }
            // A source with keys of its own is used as it is, even where it also names a role: as the SDKs do.
            base = staticKeys(context_.config.credentials(*source_profile), where);
            if (!base) base = staticKeys(context_.config.profile(*source_profile), where);
            if (!base) {
                PILOTLIGHT_ASSIGN(base, resolve(*source_profile));
            }
        }
        if (!base)
            return fail(ErrorCode::unauthenticated, "There are no credentials in " + where, "The role " + role_arn + " cannot be assumed.",
                        "");
        return assumeRole(context_, *base, roleRequest(name, role_arn));
    }

    const CredentialContext& context_;
    std::vector<std::string> visited_;
};

}  // namespace

AwsCredentials guarded(AwsCredentials credentials) {
    addSecret(credentials.secret_access_key);
    addSecret(credentials.session_token);
    return credentials;
}

std::optional<std::string> CredentialContext::environment(const char* name) const {
    auto value = options.environment(name);
    return value && !value->empty() ? value : std::nullopt;
}

std::string CredentialContext::stsRegion() const {
    if (!options.region.empty() && options.region != "all") return options.region;
    return config.region(options.environment, profile).value_or("us-east-1");
}

std::string CredentialContext::origin(std::string_view service_id, const std::string& host) const {
    if (!options.endpoint_url.empty()) return originOf(options.endpoint_url);
    if (auto found = config.endpoint(options.environment, profile, service_id)) return *found;
    return "https://" + host;
}

Result<HttpResponse> CredentialContext::send(const HttpRequest& request) const { return options.http->send(request, stop); }

struct AwsCredentialSource::Impl {
    AwsCredentialOptions options;
    std::mutex mutex;
    std::optional<AwsCredentials> held;
    Timestamp read_at{};

    [[nodiscard]] std::optional<std::string> environment(const char* name) const {
        auto value = options.environment(name);
        return value && !value->empty() ? value : std::nullopt;
    }

    [[nodiscard]] std::string profileName() const {
        if (!options.profile.empty()) return options.profile;
        if (auto name = environment("AWS_PROFILE")) return *name;
        return environment("AWS_DEFAULT_PROFILE").value_or("default");
    }

    Result<AwsCredentials> resolve(Timestamp now, std::stop_token stop) const {
        const AwsConfig config = AwsConfig::load(options.environment);
        const CredentialContext context{options, config, profileName(), now, std::move(stop)};
        const bool chosen = !options.profile.empty();
        std::vector<std::string> tried;
        if (!chosen) {
            tried.emplace_back("the environment");
            PILOTLIGHT_ASSIGN(auto found, environmentKeys(context));
            if (found) return *found;
        }
        if (!config.hasProfile(context.profile) && context.profile != "default") {
            return fail(ErrorCode::unauthenticated,
                        "There is no AWS profile \"" + context.profile + "\" in " + config.config_path + " or " + config.credentials_path,
                        "", "aws configure --profile " + context.profile);
        }
        if (!chosen && !config.value(context.profile, "role_arn")) {
            const auto token_file = context.environment("AWS_WEB_IDENTITY_TOKEN_FILE");
            const auto role = context.environment("AWS_ROLE_ARN");
            if (token_file && role) {
                return assumeRoleWithWebIdentity(
                    context, {*role, context.environment("AWS_ROLE_SESSION_NAME").value_or(""), "", "", 3600, "environment"}, *token_file);
            }
        }
        tried.push_back("the profile " + context.profile);
        {
            PILOTLIGHT_ASSIGN(auto found, ProfileResolver(context).resolve(context.profile));
            if (found) return *found;
        }
        tried.emplace_back("the container");
        {
            PILOTLIGHT_ASSIGN(auto found, containerCredentials(context));
            if (found) return *found;
        }
        tried.emplace_back("EC2 metadata");
        {
            PILOTLIGHT_ASSIGN(auto found, instanceCredentials(context));
            if (found) return *found;
        }
        return fail(ErrorCode::unauthenticated, "No AWS credentials were found", "Looked in " + joined(tried, ", ") + ".",
                    "Run aws configure or aws configure sso, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
    }
};

AwsCredentialSource::AwsCredentialSource(AwsCredentialOptions options) : impl_(std::make_unique<Impl>()) {
    if (!options.environment) options.environment = processEnvironment();
    impl_->options = std::move(options);
}

AwsCredentialSource::~AwsCredentialSource() = default;

Result<AwsCredentials> AwsCredentialSource::get(Timestamp now, std::stop_token stop) {
    std::unique_lock lock(impl_->mutex, std::try_to_lock);
    while (!lock.owns_lock()) {  // another thread may be waiting for a sign-in service: a stop request must not wait for that
        if (stop.stop_requested()) return fail(ErrorCode::cancelled, "Cancelled");
        std::this_thread::sleep_for(milliseconds(5));
        (void)lock.try_lock();
    }
    auto& held = impl_->held;
    if (held) {
        if (held->expires ? *held->expires - now > kAdvisory : now - impl_->read_at < kHoldStatic && now >= impl_->read_at) return *held;
    }
    auto fresh = impl_->resolve(now, std::move(stop));
    if (!fresh) {
        // What is held still works for a while: a source that is away for a moment is not a failure yet.
        if (held && held->expires && *held->expires - now > kMandatory) return *held;
        return fresh;
    }
    held = *fresh;
    impl_->read_at = now;
    return fresh;
}

void AwsCredentialSource::invalidate() {
    const std::lock_guard lock(impl_->mutex);
    impl_->held.reset();
}

std::string AwsCredentialSource::profileName() const { return impl_->profileName(); }

std::optional<std::string> AwsCredentialSource::region() const {
    if (!impl_->options.region.empty() && impl_->options.region != "all") return impl_->options.region;
    return AwsConfig::load(impl_->options.environment).region(impl_->options.environment, impl_->profileName());
}

std::optional<std::string> AwsCredentialSource::endpoint(std::string_view service_id) const {
    if (!impl_->options.endpoint_url.empty()) return originOf(impl_->options.endpoint_url);
    return AwsConfig::load(impl_->options.environment).endpoint(impl_->options.environment, impl_->profileName(), service_id);
}

}  // namespace pilotlight::net
