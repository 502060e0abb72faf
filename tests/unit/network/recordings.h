#pragma once
// Where the recordings of a real cluster lie; empty when this machine has none.

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

inline std::string recordingsRoot() {
    const char* given = std::getenv("TIMONEL_RECORDINGS");
    const std::string root = given ? given : std::string(TIMONEL_SOURCE_DIR) + "/../shared/kubernetes";
    return std::filesystem::exists(root + "/recordings/network") ? root + "/recordings/network" : "";
}

inline std::string readWhole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
