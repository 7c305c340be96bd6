// The AWS files (~/.aws/config, ~/.aws/credentials) as the SDKs read them. Read-only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/environment.h"

namespace pilotlight::net {

struct AwsIniSection {
    std::map<std::string, std::string> values;                         // keys in lower case
    std::map<std::string, std::map<std::string, std::string>> nested;  // "lambda" -> {"endpoint_url": ...}
};
// Section titles with inner whitespace collapsed ("profile prod"). Lines that mean nothing are skipped, as the SDKs do.
// '#' and ';' begin a comment only at the start of a line. A section that occurs twice is merged.
[[nodiscard]] std::map<std::string, AwsIniSection> parseAwsIni(std::string_view text);

// "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu": by the partition of the region (botocore data/partitions.json).
[[nodiscard]] std::string awsDnsSuffix(std::string_view region);

class AwsConfig {
public:
    // Reads AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE (defaults under HOME). Missing files are empty ones.
    [[nodiscard]] static AwsConfig load(const EnvironmentReader& environment);

    // From the config file ("[profile name]", "[default]"); nullopt where it is not there.
    [[nodiscard]] const AwsIniSection* profile(const std::string& name) const;
    // From the credentials file ("[name]").
    [[nodiscard]] const AwsIniSection* credentials(const std::string& name) const;
    [[nodiscard]] const AwsIniSection* ssoSession(const std::string& name) const;
    [[nodiscard]] const AwsIniSection* services(const std::string& name) const;
    [[nodiscard]] bool hasProfile(const std::string& name) const { return profile(name) != nullptr || credentials(name) != nullptr; }

    // A key of that profile: the credentials file wins over the config file. nullopt or empty values are both "not set".
    [[nodiscard]] std::optional<std::string> value(const std::string& profile_name, const std::string& key) const;

    // Region of `profile_name`: AWS_REGION > AWS_DEFAULT_REGION > the profile's.
    [[nodiscard]] std::optional<std::string> region(const EnvironmentReader& environment, const std::string& profile_name) const;
    // Endpoint override of a service by its id ("LAMBDA", "CLOUDWATCH_LOGS", "STS"): AWS_ENDPOINT_URL_<SERVICE> > AWS_ENDPOINT_URL >
    // the profile's `services` section > the profile's endpoint_url. nullopt: the real service. Without a trailing slash.
    [[nodiscard]] std::optional<std::string> endpoint(const EnvironmentReader& environment, const std::string& profile_name,
                                                      std::string_view service_id) const;

    std::string config_path, credentials_path;  // for messages

private:
    std::map<std::string, AwsIniSection> config_, credentials_;
};

}  // namespace pilotlight::net
