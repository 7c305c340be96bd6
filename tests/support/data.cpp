#include "tests/support/data.h"

#include <cstdlib>
#include <system_error>

namespace pilotlight::test {

std::filesystem::path sourceDir() { return PILOTLIGHT_SOURCE_DIR; }

std::optional<std::filesystem::path> sharedData(const std::string& relative) {
    const char* set = std::getenv("PILOTLIGHT_DATA");
    const std::filesystem::path root = set != nullptr ? std::filesystem::path(set) : sourceDir() / ".." / "shared" / "data";
    std::error_code ignored;
    auto path = root / relative;
    if (!std::filesystem::exists(path, ignored)) return std::nullopt;
    return path;
}

TemporaryDirectory::TemporaryDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "pilotlight-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace pilotlight::test
