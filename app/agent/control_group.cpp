#include "app/agent/control_group.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/agent/guardian.h"

namespace pilotlight::agent {
namespace fs = std::filesystem;

std::string readText(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

Status writeText(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.flush();
    if (!file) return fail(ErrorCode::permission_denied, path + " cannot be written: " + std::strerror(errno));
    return {};
}

std::optional<std::int64_t> readNumber(const std::string& path) {
    std::ifstream file(path);
    std::int64_t value = 0;
    return file >> value ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> readField(const std::string& path, const std::string& key) {
    std::ifstream file(path);
    std::string name;
    for (std::int64_t value = 0; file >> name >> value;)
        if (name == key) return value;
    return std::nullopt;
}

std::string ownControlGroup(const std::string& controller) {
    // /proc/self/mounts: device, folder, type, options ...
    std::string mounted;
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string device, folder, type, options;
        words >> device >> folder >> type >> options;
        const bool fits = controller.empty() ? type == "cgroup2" : type == "cgroup" && ("," + options + ",").find("," + controller + ",") != std::string::npos;
        if (fits) mounted = folder;
    }
    if (mounted.empty()) return {};
    // /proc/self/cgroup: id:controllers:path
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        const auto first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool fits = controller.empty() ? controllers.empty() : ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
        if (!fits) continue;
        const std::string path = line.substr(second + 1);
        const std::string folder = path == "/" ? mounted : mounted + path;
        // In a container the path may not be below the mount: then the mount is our own group.
        std::error_code ignored;
        return fs::exists(folder, ignored) ? folder : mounted;
    }
    return mounted;
}

std::string freshGroupName() {
    static int count = 0;
    return "pilotlight-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

void sweepControlGroups(const std::string& parent) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(parent, ignored)) {
        int pid = 0;
        const std::string name = entry.path().filename();
        if (std::sscanf(name.c_str(), "pilotlight-%d-", &pid) != 1 || pid <= 0) continue;
        if (::kill(pid, 0) != 0 && errno == ESRCH) removeControlGroup(entry.path());
    }
}

}  // namespace pilotlight::agent
