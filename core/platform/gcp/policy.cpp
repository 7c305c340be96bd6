#include "core/platform/gcp/policy.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

namespace pilotlight::platform::gcp {
namespace {

constexpr std::string_view kActAs = "iam.serviceAccounts.actAs";

std::string roleFile(const char* title, bool write) {
    std::set<std::string> permissions, roles;
    bool act_as = false;
    for (const auto& operation : operations()) {
        if (operation.write != write) continue;
        for (const char* permission : operation.permissions) {
            if (permission == kActAs)
                act_as = true;
            else
                permissions.insert(permission);
        }
        if (operation.role != nullptr) roles.insert(operation.role);
    }
    std::string out = "# Predefined roles that would do as well:";
    for (const auto& role : roles) out += " " + role;
    out += "\n";
    if (!write)
        out +=
            "# The BigQuery permissions are needed on the project and data set of the billing export only.\n"
            "# With a quota project: also serviceusage.services.use there (roles/serviceusage.serviceUsageConsumer).\n";
    if (act_as)
        out += "# Besides: iam.serviceAccounts.actAs (roles/iam.serviceAccountUser) on the service accounts that the services run as.\n";
    out += fmt::format("title: {}\nstage: GA\nincludedPermissions:\n", title);
    for (const auto& permission : permissions) out += "- " + permission + "\n";
    return out;
}

}  // namespace

std::string readPolicy() { return roleFile("Pilotlight read", false); }
std::string applyPolicy() { return roleFile("Pilotlight apply", true); }

std::string policyFor(Operation operation, const std::string& project) {
    const char* role = info(operation).role;
    if (role == nullptr) return {};
    return fmt::format("gcloud projects add-iam-policy-binding {} --member MEMBER --role {}", project.empty() ? "PROJECT" : project, role);
}

}  // namespace pilotlight::platform::gcp
