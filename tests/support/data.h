// Where tests find real data and their own files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace pilotlight::test {

// ../shared/data/<relative> beside the project's root (or $PILOTLIGHT_DATA/<relative>); nullopt where it is not there.
// Tests then GTEST_SKIP() << kNoData.
[[nodiscard]] std::optional<std::filesystem::path> sharedData(const std::string& relative);
inline constexpr const char* kNoData = "skipped: no ../shared/data";

// The project's root.
[[nodiscard]] std::filesystem::path sourceDir();

// An empty directory that is removed with this object.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace pilotlight::test
