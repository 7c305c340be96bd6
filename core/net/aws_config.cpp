#include "core/net/aws_config.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace pilotlight::net {
namespace {

constexpr std::size_t kMaxFileBytes = 16u << 20;

bool blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (blank(text.front()) || text.front() == '\r')) text.remove_prefix(1);
    while (!text.empty() && (blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// "  profile   \"my one\" " -> "profile my one"
std::string sectionTitle(std::string_view text) {
    std::string out;
    bool gap = false;
    bool quoted = false;
    for (const char c : trimmed(text)) {
        if (c == '"') {
            quoted = !quoted;
        } else if (blank(c) && !quoted) {
            gap = !out.empty();
        } else {
            if (gap) out += ' ';
            gap = false;
            out += c;
        }
    }
    return out;
}

std::string readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return {};
    std::string text;
    text.resize(kMaxFileBytes);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string expandHome(const std::string& path, const std::string& home) {
    if (path == "~") return home;
    return path.starts_with("~/") ? home + path.substr(1) : path;
}

const AwsIniSection* find(const std::map<std::string, AwsIniSection>& sections, const std::string& title) {
    const auto at = sections.find(title);
    return at == sections.end() ? nullptr : &at->second;
}

std::optional<std::string> set(const std::optional<std::string>& value) { return value && !value->empty() ? value : std::nullopt; }

std::optional<std::string> valueIn(const AwsIniSection* section, const std::string& key) {
    if (section == nullptr) return std::nullopt;
    const auto at = section->values.find(key);
    return at == section->values.end() || at->second.empty() ? std::nullopt : std::optional(at->second);
}

std::string withoutSlash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

EnvironmentReader processEnvironment() {
    return [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

std::map<std::string, AwsIniSection> parseAwsIni(std::string_view text) {
    std::map<std::string, AwsIniSection> sections;
    AwsIniSection* section = nullptr;
    std::string key;  // the one that indented lines belong to
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') continue;
        const bool indented = blank(line.front());
        if (content.front() == '[' && !indented) {
            const auto close = content.find(']');
            section = nullptr;
            key.clear();
            if (close == std::string_view::npos) continue;
            if (auto title = sectionTitle(content.substr(1, close - 1)); !title.empty()) section = &sections[title];
            continue;
        }
        if (section == nullptr) continue;
        const auto equals = content.find('=');
        if (indented && !key.empty()) {
            std::string& value = section->values[key];
            if (value.empty()) {
                if (equals == std::string_view::npos || equals == 0) continue;
                section->nested[key][lower(trimmed(content.substr(0, equals)))] = trimmed(content.substr(equals + 1));
            } else {
                value += '\n';
                value += content;
            }
            continue;
        }
        if (equals == std::string_view::npos || equals == 0) {
            key.clear();
            continue;
        }
        key = lower(trimmed(content.substr(0, equals)));
        section->values[key] = trimmed(content.substr(equals + 1));
    }
    return sections;
}

std::string awsDnsSuffix(std::string_view region) {
    if (region.starts_with("cn-")) return "amazonaws.com.cn";
    if (region.starts_with("eusc-")) return "amazonaws.eu";
    return "amazonaws.com";
}

AwsConfig AwsConfig::load(const EnvironmentReader& environment) {
    AwsConfig out;
    const std::string home = environment("HOME").value_or("");
    out.config_path = expandHome(set(environment("AWS_CONFIG_FILE")).value_or("~/.aws/config"), home);
    out.credentials_path = expandHome(set(environment("AWS_SHARED_CREDENTIALS_FILE")).value_or("~/.aws/credentials"), home);
    out.config_ = parseAwsIni(readFile(out.config_path));
    out.credentials_ = parseAwsIni(readFile(out.credentials_path));
    return out;
}

const AwsIniSection* AwsConfig::profile(const std::string& name) const {
    if (const auto* section = find(config_, "profile " + name)) return section;
    return name == "default" ? find(config_, "default") : nullptr;
}

const AwsIniSection* AwsConfig::credentials(const std::string& name) const { return find(credentials_, name); }
const AwsIniSection* AwsConfig::ssoSession(const std::string& name) const { return find(config_, "sso-session " + name); }
const AwsIniSection* AwsConfig::services(const std::string& name) const { return find(config_, "services " + name); }

std::optional<std::string> AwsConfig::value(const std::string& profile_name, const std::string& key) const {
    if (auto found = valueIn(credentials(profile_name), key)) return found;
    return valueIn(profile(profile_name), key);
}

std::optional<std::string> AwsConfig::region(const EnvironmentReader& environment, const std::string& profile_name) const {
    if (auto found = set(environment("AWS_REGION"))) return found;
    if (auto found = set(environment("AWS_DEFAULT_REGION"))) return found;
    return value(profile_name, "region");
}

std::optional<std::string> AwsConfig::endpoint(const EnvironmentReader& environment, const std::string& profile_name,
                                               std::string_view service_id) const {
    if (lower(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").value_or("")) == "true") return std::nullopt;
    if (lower(value(profile_name, "ignore_configured_endpoint_urls").value_or("")) == "true") return std::nullopt;
    const std::string name = "AWS_ENDPOINT_URL_" + std::string(service_id);
    if (auto found = set(environment(name.c_str()))) return withoutSlash(*found);
    if (auto found = set(environment("AWS_ENDPOINT_URL"))) return withoutSlash(*found);
    if (const auto services_name = value(profile_name, "services")) {
        if (const auto* section = services(*services_name)) {
            const auto at = section->nested.find(lower(service_id));
            if (at != section->nested.end()) {
                const auto url = at->second.find("endpoint_url");
                if (url != at->second.end() && !url->second.empty()) return withoutSlash(url->second);
            }
        }
    }
    if (auto found = value(profile_name, "endpoint_url")) return withoutSlash(*found);
    return std::nullopt;
}

}  // namespace pilotlight::net
