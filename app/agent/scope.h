// A scope of the systemd user manager around this program: a control group of version 2 that an ordinary user may divide.
#pragma once

#include <string>

namespace pilotlight::agent {

// Where a systemd user manager answers: runs this program again, in the same process, inside a scope of its own (systemd-run --user --scope,
// Delegate=yes), and does not return. Returns where none answers or it is inside already. Call first of all. It costs some 50 ms, once.
void enterScope(int argc, char** argv);

// The scope's control group, with this program moved into a group below it so that others can be made beside; empty: there is none, and
// `why` tells the reason.
[[nodiscard]] std::string scopeControlGroup(std::string& why);

}  // namespace pilotlight::agent
