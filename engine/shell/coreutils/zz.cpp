#include "shell/coreutils/coreutils.h"
namespace shell {
const CoreutilEntry kPagerTools[] = {{nullptr, nullptr}};
const CoreutilEntry kEditorTools[] = {{nullptr, nullptr}};
std::vector<std::string> busyboxApplets() { return {}; }
}
