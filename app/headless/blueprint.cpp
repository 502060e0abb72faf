#include "commands.h"

#include <fstream>
#include <iterator>

namespace app {

base::Result<cluster::Blueprint> loadBlueprint(const std::string& nameOrFile) {
    auto builtin = cluster::builtinBlueprint(nameOrFile);
    if (builtin.ok()) return builtin;
    std::ifstream in(nameOrFile, std::ios::binary);
    if (!in) return base::makeError("there is no blueprint \"" + nameOrFile + "\", built in or as a file");
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return cluster::readBlueprint(text, nameOrFile);
}

} // namespace app
