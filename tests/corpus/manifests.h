#pragma once
// Invalid manifests: made from the valid ones of valid.yaml by one mistake each, and written by hand.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corpus {

struct Manifest {
    std::string name;    // "0042-corpus-pod"
    std::string mistake; // "spec.containers[0].image: a list", for the reader of a failed test
    std::string text;    // what the file holds
};

// The documents of valid.yaml, each accepted by the API server.
std::vector<Manifest> validManifests();
// `count` different texts with a mistake in each; the same ones for the same seed on every machine.
std::vector<Manifest> invalidManifests(std::uint64_t seed, std::size_t count);
// The files of tests/corpus/by-hand.
std::vector<Manifest> manifestsByHand();

// Mistakes of one line of text, whatever it means, and of one field by its type (for manifests.cpp).
struct Mistake {
    std::string what, text;
};
std::vector<Mistake> textMistakes(const std::string& yaml);
std::vector<Mistake> fieldMistakes(const std::string& yaml);
std::vector<Mistake> meaningMistakes(const std::string& name, const std::string& yaml);

} // namespace corpus
