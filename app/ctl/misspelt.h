// What a word on the command line that nothing takes was probably meant to be.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace pilotlight::ctl {

// The candidate that takes the fewest insertions, deletions, replacements and swaps of neighbours; empty where all take more than a third
// of the word's length (at least one is allowed).
[[nodiscard]] std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

// "recomend is not a command of pilotlightctl. Did you mean recommend?" for the first word that was left over when parsing failed; empty
// where no word was left over.
[[nodiscard]] std::string explainLeftOver(const CLI::App& app);

}  // namespace pilotlight::ctl
