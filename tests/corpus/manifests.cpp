#include "corpus/manifests.h"

#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace corpus {
namespace {

using document::Value;

std::string fileText(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}
std::filesystem::path folder() { return std::string(TIMONEL_SOURCE_DIR) + "/tests/corpus"; }

// Splitmix64: the same numbers with every library.
struct Random {
    std::uint64_t state;
    std::size_t below(std::size_t bound) {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return static_cast<std::size_t>((z ^ (z >> 31)) % bound);
    }
};

// Puts `change` at a JSON pointer: a value, "-" (nothing there any more) or "+value" (one item more).
Value changed(const Value& node, const std::vector<std::string>& steps, std::size_t at, const std::string& change) {
    const std::string key = base::replaceAll(base::replaceAll(steps[at], "~1", "/"), "~0", "~");
    const bool last = at + 1 == steps.size();
    if (last && change == "-") return node.without(key);
    const auto next = [&](const Value& child) {
        if (!last) return changed(child, steps, at + 1, change);
        if (change[0] == '+') return child.appended(*document::readJson(change.substr(1)));
        auto value = document::readJson(change);
        if (!value.ok()) throw std::runtime_error("meanings.txt: " + change);
        return *value;
    };
    if (!node.isArray()) return node.with(key, next(node[key]));
    const auto index = static_cast<std::size_t>(base::parseInt(key).value());
    return node.withItem(index, next(node[index]));
}

void shuffle(std::vector<Mistake>& list, Random& random) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.below(i)]);
}

} // namespace

std::vector<Mistake> meaningMistakes(const std::string& name, const std::string& yaml) {
    static const std::string table = fileText(folder() / "meanings.txt");
    const Value root = *document::readYaml(yaml);
    std::vector<Mistake> out;
    for (const std::string& line : base::splitLines(table)) {
        const auto words = base::splitLimited(line, ' ', 3);
        if (line.empty() || line[0] == '#' || words[0] != name) continue;
        const Value value = changed(root, base::split(words[1].substr(1), '/'), 0, words[2]);
        out.push_back({words[1] + " " + words[2], document::writeYaml(value)});
    }
    return out;
}

std::vector<Manifest> validManifests() {
    std::vector<Manifest> out;
    std::string text = "\n" + fileText(folder() / "valid.yaml");
    for (std::size_t from = 1; from < text.size();) {
        const std::size_t end = std::min(text.find("\n---\n", from), text.size());
        const std::string yaml = std::string(base::trimRight(text.substr(from, end - from))) + "\n";
        out.push_back({(*document::readYaml(yaml)).at("metadata", "name").text(), "", yaml});
        from = end + 5;
    }
    return out;
}

std::vector<Manifest> invalidManifests(std::uint64_t seed, std::size_t count) {
    Random random{seed};
    struct Source {
        std::string name;
        std::vector<Mistake> meanings, fields, texts;
    };
    std::vector<Source> sources;
    for (const Manifest& valid : validManifests()) {
        Source source{valid.name, meaningMistakes(valid.name, valid.text), fieldMistakes(valid.text), textMistakes(valid.text)};
        for (auto* list : {&source.meanings, &source.fields, &source.texts}) shuffle(*list, random);
        sources.push_back(std::move(source));
    }
    std::vector<Manifest> out;
    std::set<std::string> seen;
    const auto take = [&](Source& source, std::vector<Mistake>& list) {
        while (!list.empty()) {
            Mistake mistake = std::move(list.back());
            list.pop_back();
            if (!seen.insert(mistake.text).second) continue;
            std::string number = std::to_string(out.size());
            number.insert(0, 4 - std::min<std::size_t>(4, number.size()), '0');
            out.push_back({number + "-" + source.name, std::move(mistake.what), std::move(mistake.text)});
            return;
        }
    };
    // In turn, so that every kind and every sort of mistake has its share; all of the meanings.
    for (bool more = true; more && out.size() < count;) {
        more = false;
        for (Source& source : sources) {
            for (auto* list : {&source.meanings, &source.fields, &source.texts, &source.meanings, &source.fields}) {
                more = more || !list->empty();
                if (out.size() < count) take(source, *list);
            }
        }
    }
    return out;
}

std::vector<Manifest> manifestsByHand() {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "by-hand")) files.insert(entry.path());
    std::vector<Manifest> out;
    for (const auto& path : files) out.push_back({path.filename().string(), "", fileText(path)});
    return out;
}

} // namespace corpus
