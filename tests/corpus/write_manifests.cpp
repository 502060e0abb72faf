// Writes the manifests of the corpus into a folder, to look at them or to give them to other clients:
// corpus_manifests FOLDER [COUNT [SEED]]
#include "corpus/manifests.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

int main(int count, char** words) {
    if (count < 2) return std::fputs("usage: corpus_manifests FOLDER [COUNT [SEED]]\n", stderr), 2;
    const std::filesystem::path folder = words[1];
    std::filesystem::create_directories(folder);
    const auto write = [&](const corpus::Manifest& manifest, const char* ending) {
        std::ofstream(folder / (manifest.name + ending), std::ios::binary) << manifest.text;
        std::printf("%s\t%s\n", manifest.name.c_str(), manifest.mistake.c_str());
    };
    for (const auto& manifest : corpus::validManifests()) write(manifest, ".valid.yaml");
    const std::size_t wanted = count > 2 ? std::strtoul(words[2], nullptr, 10) : 3000;
    const std::uint64_t seed = count > 3 ? std::strtoull(words[3], nullptr, 10) : 1;
    for (const auto& manifest : corpus::invalidManifests(seed, wanted)) write(manifest, ".yaml");
    for (const auto& manifest : corpus::manifestsByHand()) write(manifest, "");
    return 0;
}
