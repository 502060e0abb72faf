#include "machine/systemd/unit.h"

#include "base/strings.h"
#include "sim/time.h"

#include <algorithm>
#include <set>

namespace machine {

const std::vector<std::string> kUnitFolders = {"/etc/systemd/system", "/run/systemd/system",
                                               "/usr/local/lib/systemd/system", "/lib/systemd/system"};

std::string unitName(std::string_view given) {
    for (const char* kind : {".service", ".target", ".timer", ".socket", ".mount", ".path", ".slice", ".scope"})
        if (given.ends_with(kind)) return std::string(given);
    return std::string(given) + ".service";
}

std::string UnitFile::value(std::string_view key, std::string_view fallback) const {
    const auto found = values.find(key);
    if (found == values.end() || found->second.empty()) return std::string(fallback);
    return found->second.back();
}
std::vector<std::string> UnitFile::all(std::string_view key) const {
    const auto found = values.find(key);
    return found == values.end() ? std::vector<std::string>{} : found->second;
}
std::vector<std::string> UnitFile::words(std::string_view key) const {
    std::vector<std::string> out;
    for (const auto& line : all(key))
        for (auto& word : base::splitFields(line)) out.push_back(std::move(word));
    return out;
}
std::string UnitFile::description() const { return value("Unit/Description", name); }

namespace {

void readUnitText(UnitFile& unit, std::string_view text, const std::string& path) {
    std::string section, pending;
    int number = 0;
    for (const auto& raw : base::splitLines(text)) {
        ++number;
        std::string line = pending + std::string(base::trim(raw));
        pending.clear();
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        if (line.back() == '\\') {
            pending = line.substr(0, line.size() - 1) + " ";
            continue;
        }
        if (line.front() == '[' && line.back() == ']') {
            section = line.substr(1, line.size() - 2);
            continue;
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string::npos) {
            unit.problem = path + ":" + std::to_string(number) + ": Missing '=', ignoring line.";
            continue;
        }
        auto& list = unit.values[section + "/" + std::string(base::trim(line.substr(0, equals)))];
        const std::string value(base::trim(line.substr(equals + 1)));
        if (value.empty()) list.clear();
        else list.push_back(value);
    }
}

} // namespace

UnitFile loadUnit(const ports::FileSystem& files, std::string_view given) {
    UnitFile unit;
    unit.name = std::string(given);
    for (const auto& folder : kUnitFolders) {
        const std::string path = folder + "/" + unit.name;
        const auto link = files.lstat(path);
        if (!link.ok()) continue;
        unit.path = path;
        if (link->target == "/dev/null") {
            unit.masked = true;
            return unit;
        }
        const auto text = files.read(path);
        if (!text.ok()) continue;
        if (link->type == ports::FileType::Symlink)
            if (const auto real = files.realPath(path); real.ok()) unit.path = *real;
        readUnitText(unit, *text, path);
        unit.loaded = true;
        break;
    }
    // Drop-ins of all folders, by file name; a name in a folder of higher precedence hides others.
    std::map<std::string, std::string> dropIns;
    for (const auto& folder : kUnitFolders) {
        const std::string place = folder + "/" + unit.name + ".d";
        const auto entries = files.list(place);
        if (!entries.ok()) continue;
        for (const auto& entry : *entries)
            if (entry.name.ends_with(".conf")) dropIns.try_emplace(entry.name, place + "/" + entry.name);
    }
    for (const auto& [name, path] : dropIns) {
        const auto text = files.read(path);
        if (!text.ok()) continue;
        unit.dropIns.push_back(path);
        readUnitText(unit, *text, path);
    }
    return unit;
}

std::vector<std::string> unitNames(const ports::FileSystem& files) {
    std::set<std::string> names;
    for (const auto& folder : kUnitFolders) {
        const auto entries = files.list(folder);
        if (!entries.ok()) continue;
        for (const auto& entry : *entries)
            if (entry.type != ports::FileType::Directory && unitName(entry.name) == entry.name)
                names.insert(entry.name);
    }
    return {names.begin(), names.end()};
}

std::string enablement(const ports::FileSystem& files, const UnitFile& unit) {
    if (unit.masked) return "masked";
    if (!unit.loaded) return {};
    auto wanted = unit.words("Install/WantedBy");
    auto required = unit.words("Install/RequiredBy");
    if (wanted.empty() && required.empty()) return "static";
    for (const auto& target : wanted)
        if (files.lstat("/etc/systemd/system/" + target + ".wants/" + unit.name).ok()) return "enabled";
    for (const auto& target : required)
        if (files.lstat("/etc/systemd/system/" + target + ".requires/" + unit.name).ok()) return "enabled";
    return "disabled";
}

std::int64_t parseTimeSpan(std::string_view text, std::int64_t fallback) {
    if (text.empty()) return fallback;
    if (text == "infinity") return -1;
    std::int64_t total = 0;
    for (const auto& word : base::splitFields(text)) {
        std::size_t digits = word.find_first_not_of("0123456789.");
        const double number = std::stod("0" + word.substr(0, digits));
        const std::string unit = digits == std::string::npos ? "s" : word.substr(digits);
        double scale = sim::kSecond;
        if (unit == "ms") scale = sim::kMillisecond;
        else if (unit == "us") scale = sim::kMicrosecond;
        else if (unit == "min" || unit == "m") scale = sim::kMinute;
        else if (unit == "h" || unit == "hr") scale = sim::kHour;
        total += static_cast<std::int64_t>(number * scale);
    }
    return total;
}

namespace {
std::string variable(const std::map<std::string, std::string>& env, const std::string& name) {
    const auto found = env.find(name);
    return found == env.end() ? std::string() : found->second;
}
} // namespace

std::vector<std::string> expandCommand(std::string_view line,
                                       const std::map<std::string, std::string>& env) {
    std::vector<std::string> words;
    std::string word;
    bool inside = false, quotedWord = false;
    char quote = 0;
    const auto flush = [&] {
        if (!inside) return;
        inside = false;
        if (!quotedWord && word.size() > 1 && word[0] == '$' && word[1] != '{') {
            for (auto& part : base::splitFields(variable(env, word.substr(1)))) words.push_back(std::move(part));
        } else {
            std::string out;
            for (std::size_t i = 0; i < word.size(); ++i) {
                const std::size_t close = word.compare(i, 2, "${") == 0 ? word.find('}', i) : std::string::npos;
                if (close == std::string::npos) {
                    out += word[i];
                    continue;
                }
                out += variable(env, word.substr(i + 2, close - i - 2));
                i = close;
            }
            words.push_back(std::move(out));
        }
        word.clear();
        quotedWord = false;
    };
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote != 0) {
            if (c == quote) quote = 0;
            else word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            inside = quotedWord = true;
        } else if (c == ' ' || c == '\t') {
            flush();
        } else {
            inside = true;
            word += c == '\\' && i + 1 < line.size() ? line[++i] : c;
        }
    }
    flush();
    return words;
}

} // namespace machine
