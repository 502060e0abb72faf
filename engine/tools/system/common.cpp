#include "tools/system/tool.h"

#include "base/strings.h"

#include <algorithm>

namespace tools::system {

bool Options::has(std::string_view name) const {
    return std::any_of(values.begin(), values.end(), [&](const auto& item) { return item.first == name; });
}
std::string Options::value(std::string_view name, std::string_view fallback) const {
    for (auto item = values.rbegin(); item != values.rend(); ++item)
        if (item->first == name) return item->second;
    return std::string(fallback);
}
std::vector<std::string> Options::all(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : values)
        if (key == name) out.push_back(value);
    return out;
}

namespace {
struct Known {
    char letter;
    bool takesValue;
    std::string name;
};
std::vector<Known> readTable(std::string_view table) {
    std::vector<Known> known;
    for (const auto& word : base::splitFields(table)) known.push_back({word[0], word[1] == ':', word.substr(2)});
    return known;
}
} // namespace

Options parseOptions(const std::vector<std::string>& arguments, std::string_view table) {
    const auto known = readTable(table);
    Options out;
    const auto note = [&](const std::string& text) {
        if (out.unknown.empty()) out.unknown = text;
    };
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--") {
            out.operands.insert(out.operands.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        if (word.size() < 2 || word[0] != '-') {
            out.operands.push_back(word);
        } else if (word[1] == '-') {
            const std::size_t equals = word.find('=');
            const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
            const auto found = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.name == name; });
            if (found == known.end()) note(word);
            else if (equals != std::string::npos) out.values.emplace_back(name, word.substr(equals + 1));
            else if (found->takesValue && i + 1 < arguments.size()) out.values.emplace_back(name, arguments[++i]);
            else out.values.emplace_back(name, "");
        } else {
            for (std::size_t at = 1; at < word.size(); ++at) {
                const auto found = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.letter == word[at]; });
                if (found == known.end()) {
                    note("-" + word.substr(at, 1));
                    continue;
                }
                if (!found->takesValue) {
                    out.values.emplace_back(found->name, "");
                    continue;
                }
                if (at + 1 < word.size()) out.values.emplace_back(found->name, word.substr(at + 1));
                else out.values.emplace_back(found->name, i + 1 < arguments.size() ? arguments[++i] : "");
                break;
            }
        }
    }
    return out;
}

sim::Task<bool> refusedInContainer(ports::Process& process) {
    if (!process.inContainer()) co_return false;
    co_await process.writeError("System has not been booted with systemd as init system (PID 1). Can't operate.\n"
                                "Failed to connect to bus: Host is down\n");
    co_return true;
}

std::vector<NamedProgram> programs() {
    std::vector<NamedProgram> all;
    for (auto list : {serviceTools(), processTools(), loginTools(), kernelTools(), opensslTools(), etcdTools()})
        for (auto& item : list) all.push_back(std::move(item));
    return all;
}

} // namespace tools::system
