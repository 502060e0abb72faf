// Commands with the answers of a real Debian 12 (bash 5.2, coreutils 9.1): cases/*.txt, recorded by
// cases/record.py. Every command runs as `bash -c`; files stay from one to the next within a file.

#include "world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace {

struct Case {
    std::string command, output, error;
    int code = 0;
    int line = 0;
};

std::vector<Case> readCases(const std::filesystem::path& path) {
    std::vector<Case> cases;
    std::ifstream in(path);
    std::string line;
    int number = 0;
    while (std::getline(in, line)) {
        ++number;
        if (line.rfind("$ ", 0) == 0) {
            cases.push_back({line.substr(2), "", "", 0, number});
        } else if (cases.empty() || line.rfind("#: ", 0) == 0) {
            continue;
        } else if (line.rfind("$> ", 0) == 0) {
            cases.back().command += "\n" + line.substr(3);
        } else if (line.rfind("2> ", 0) == 0) {
            cases.back().error += line.substr(3) + "\n";
        } else if (line.rfind("=> ", 0) == 0) {
            cases.back().code = std::stoi(line.substr(3));
        } else {
            cases.back().output += line.substr(line.rfind("1> ", 0) == 0 ? 3 : 0) + "\n";
        }
    }
    return cases;
}

std::string withNewline(std::string text) {
    if (!text.empty() && text.back() != '\n') text += '\n';
    return text;
}

} // namespace

TEST_CASE("commands answer as on a real machine") {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(TIMONEL_SOURCE_DIR) +
                                                                 "/tests/unit/shell/cases"))
        if (entry.path().extension() == ".txt") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    REQUIRE_FALSE(files.empty());
    for (const auto& file : files) {
        shelltest::World world;
        for (const Case& each : readCases(file)) {
            INFO(file.filename().string() << ":" << each.line << ": " << each.command);
            const auto answer = world.bash(each.command);
            CHECK(withNewline(answer.output) == each.output);
            CHECK(withNewline(answer.error) == each.error);
            CHECK(answer.code == each.code);
        }
    }
}
