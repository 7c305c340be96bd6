// Holds the tree to tests/architecture/layers.txt, to the file-length ceiling and to the README of every folder.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/data.h"

namespace pilotlight {
namespace {

namespace fs = std::filesystem;

using Places = std::vector<std::string>;

struct Rules {
    std::map<std::string, std::set<std::string>> direct;
    std::set<std::string> closed; // see just what is listed
    std::vector<std::pair<std::string, Places>> only, forbid;

    [[nodiscard]] std::set<std::string> visible(const std::string& module) const {
        std::set<std::string> out{module};
        const auto found = direct.find(module);
        if (found == direct.end()) return out;
        for (const auto& other : found->second) {
            if (closed.count(module) > 0) {
                out.insert(other);
            } else {
                out.merge(visible(other));
            }
        }
        return out;
    }
};

Rules readRules() {
    Rules rules;
    std::ifstream file(test::sourceDir() / "tests/architecture/layers.txt");
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        const auto colon = line.find(line.ends_with(':') ? ":" : ": ", line.starts_with("forbid std::") ? 12 : 0);
        const auto head = line.substr(0, colon);
        std::istringstream rest(line.substr(colon + 1));
        Places words;
        for (std::string word; rest >> word;) words.push_back(word);
        if (head.starts_with("only ")) {
            rules.only.emplace_back(head.substr(5), words);
        } else if (head.starts_with("forbid ")) {
            rules.forbid.emplace_back(head.substr(7), words);
        } else {
            if (!words.empty() && words.back() == "only") {
                words.pop_back();
                rules.closed.insert(head);
            }
            rules.direct[head] = {words.begin(), words.end()};
        }
    }
    return rules;
}

struct Source {
    std::string path; // from the root, with '/'
    std::string text;
};

std::vector<Source> sources() {
    std::vector<Source> out;
    for (const char* top : {"core", "app", "widgets", "tests", "packaging"}) {
        for (const auto& entry : fs::recursive_directory_iterator(test::sourceDir() / top)) {
            const auto path = fs::relative(entry.path(), test::sourceDir()).generic_string();
            if (path.find("node_modules") != std::string::npos) continue;
            const auto extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".h" && entry.path().filename() != "CMakeLists.txt" && extension != ".cmake") continue;
            std::ifstream file(entry.path());
            out.push_back({path, {std::istreambuf_iterator<char>(file), {}}});
        }
    }
    return out;
}

// "core/net/x.h" -> "net", "app/ctl/x.cpp" -> "app/ctl", "core/workspace.h" -> "workspace".
std::string moduleOf(const std::string& path) {
    const auto second = path.find('/');
    const auto third = second == std::string::npos ? second : path.find('/', second + 1);
    if (path.starts_with("core/")) return third == std::string::npos ? "workspace" : path.substr(5, third - 5);
    if (path.starts_with("app/")) return third == std::string::npos ? "app" : path.substr(0, third);
    if (path.starts_with("widgets/")) return "widgets";
    return "";
}

bool isCode(const std::string& path) { return path.ends_with(".cpp") || path.ends_with(".h"); }

bool isIn(const std::string& path, const Places& places) {
    return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
        return place == ".cpp" ? path.ends_with(".cpp") : path.starts_with(place);
    });
}

std::string withoutComments(const std::string& text) {
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out += line.substr(0, line.find("//")) + "\n";
    return out;
}

TEST(Layers, IncludesFollowTheRule) {
    const auto rules = readRules();
    ASSERT_GT(rules.direct.size(), 15u);
    ASSERT_GT(rules.only.size(), 5u);
    const std::regex include(R"(#include [<"]([^">]+)[">])");
    for (const auto& source : sources()) {
        if (!isCode(source.path)) continue;
        const auto module = moduleOf(source.path);
        if (!module.empty()) ASSERT_TRUE(rules.direct.count(module) > 0) << source.path << " belongs to no module of layers.txt";
        const auto visible = rules.visible(module);
        for (std::sregex_iterator it(source.text.begin(), source.text.end(), include), end; it != end; ++it) {
            const std::string header = (*it)[1];
            const auto other = moduleOf(header);
            if (!module.empty() && !other.empty()) EXPECT_TRUE(visible.count(other) > 0) << source.path << " includes " << header;
            if (!module.empty()) EXPECT_FALSE(header.starts_with("tests/")) << source.path << " includes " << header;
            for (const auto& [prefix, places] : rules.only) {
                if (header.starts_with(prefix)) EXPECT_TRUE(isIn(source.path, places)) << source.path << " includes " << header;
            }
        }
    }
}

TEST(Layers, NothingForbiddenIsCalled) {
    const auto rules = readRules();
    ASSERT_GT(rules.forbid.size(), 5u);
    for (const auto& source : sources()) {
        const auto code = withoutComments(source.text);
        for (const auto& [text, places] : rules.forbid) {
            if (isIn(source.path, places)) EXPECT_EQ(code.find(text), std::string::npos) << source.path << " has " << text;
        }
    }
}

TEST(Tree, FilesAreShort) {
    for (const auto& source : sources()) EXPECT_LE(std::count(source.text.begin(), source.text.end(), '\n'), 600) << source.path;
}

TEST(Tree, EveryFolderSaysWhatLivesThere) {
    const auto root = test::sourceDir();
    const auto check = [](const fs::path& folder) {
        const auto readme = folder / "README.md";
        ASSERT_TRUE(fs::exists(readme)) << folder;
        std::ifstream file(readme);
        EXPECT_LE(std::count(std::istreambuf_iterator<char>(file), {}, '\n'), 30) << readme;
    };
    for (const char* top : {"core", "app", "widgets", "tests", "resources", "packaging"}) {
        check(root / top);
        if (std::string(top) != "core" && std::string(top) != "app") continue;
        for (const auto& entry : fs::directory_iterator(root / top)) {
            if (entry.is_directory()) check(entry.path());
        }
    }
}

} // namespace
} // namespace pilotlight
