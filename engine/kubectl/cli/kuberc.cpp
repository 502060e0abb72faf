#include "kubectl/cli/kuberc.h"

#include "base/strings.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/cli/flags.h"

#include <algorithm>
#include <set>

namespace kubectl {

using document::Value;

namespace {

std::string variable(ports::Process& process, const char* name) {
    const auto found = process.env().find(name);
    return found == process.env().end() ? "" : found->second;
}

base::Result<std::string> explicitPath(const std::vector<std::string>& args) {
    for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
        if (args[i] == "--kuberc") {
            if (i + 1 < args.size()) return args[i + 1];
            return base::makeError("kuberc file is not found");
        }
        if (args[i].starts_with("--kuberc=")) {
            if (args[i].size() > 9) return args[i].substr(9);
            return base::makeError("kuberc file is not found");
        }
    }
    return std::string();
}

// Null when there is nothing to apply.
base::Result<Value> preferences(ports::Process& process, const std::vector<std::string>& args, std::string& notice) {
    if (base::toLower(variable(process, "KUBECTL_KUBERC")) == "false") return Value();
    BASE_TRY(const std::string flag, explicitPath(args));
    auto place = kubercPlace(process, flag);
    if (!place.ok()) return base::makeError("kuberc error " + place.error().message);
    const std::string path = place.value().path;
    if (path.empty()) return Value();
    auto text = process.files().read(process.resolve(path));
    if (!text.ok()) {
        if (!place.value().chosen) return Value();
        return base::makeError("kuberc error kuberc: open " + path + ": " + base::toLower(text.error().message));
    }
    if (base::trim(text.value()).empty()) return Value();
    auto documents = document::readYamlStream(text.value());
    if (documents.ok())
        for (const document::YamlDocument& item : documents.value())
            if (item.value["kind"].asString() == "Preference" && item.value["apiVersion"].asString().starts_with("kubectl.config.k8s.io/"))
                return item.value;
    const std::string problem = "no valid preferences found in " + path + ", use --v=5 to see details";
    if (place.value().chosen) return base::makeError("kuberc error kuberc: " + problem);
    notice += "kuberc: no preferences loaded from " + path + ": " + problem;
    return Value();
}

base::Status validate(const Value& preference) {
    std::set<std::string> seen;
    const auto checkOptions = [](const Value& owner) -> base::Status {
        for (const Value& option : owner["options"].items())
            if (option["name"].asString().starts_with("-"))
                return base::makeError("flag name " + option["name"].text() + " should be in long form without dashes");
        return base::okStatus();
    };
    for (const Value& alias : preference["aliases"].items()) {
        const std::string name = alias["name"].text();
        const bool letters = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
        if (!letters) return base::makeError("invalid alias name, can only include alphabetical characters");
        BASE_CHECK(checkOptions(alias));
        if (!seen.insert(name).second) return base::makeError("duplicate alias name " + name);
    }
    for (const Value& item : preference["defaults"].items()) BASE_CHECK(checkOptions(item));
    return base::okStatus();
}

bool flagGiven(const FlagSpec& flag, const std::vector<std::string>& args) {
    for (const std::string& arg : args) {
        if (arg == "--" + flag.name || arg.starts_with("--" + flag.name + "=")) return true;
        if (!flag.shorthand.empty() && arg.starts_with("-" + flag.shorthand)) return true;
        const bool letters = arg.size() > 2 && arg[0] == '-' &&
                             std::all_of(arg.begin() + 1, arg.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
        if (letters && !flag.shorthand.empty() && arg.find(flag.shorthand) != std::string::npos) return true;
    }
    return false;
}

void insertFlags(std::vector<std::string>& args, const std::vector<std::string>& flags) {
    const auto dash = std::find(args.begin(), args.end(), "--");
    args.insert(dash, flags.begin(), flags.end());
}

bool knownCommand(std::vector<std::string> words) {
    const CommandSpec* found = findByWords(words);
    return found->parent != nullptr;
}

std::size_t firstWord(const std::vector<std::string>& args) {
    for (std::size_t i = 0; i < args.size(); ++i)
        if (!args[i].starts_with("-") && !args[i].starts_with("__complete")) return i;
    return args.size();
}

base::Status applyAlias(const Value& preference, std::vector<std::string>& args) {
    if (knownCommand(args)) return base::okStatus();
    const std::size_t at = firstWord(args);
    if (at == args.size()) return base::okStatus();
    for (const Value& alias : preference["aliases"].items()) {
        if (alias["name"].asString() != args[at]) continue;
        std::vector<std::string> words = base::splitFields(alias["command"].text());
        std::vector<std::string> left = words;
        const CommandSpec* command = findByWords(left);
        if (command->parent == nullptr || !left.empty())
            return base::makeError("command " + base::quoteGo(alias["command"].text()) + " not found to set alias " +
                                   base::quoteGo(args[at]) + ": []");
        std::vector<std::string> flags;
        for (const Value& option : alias["options"].items()) {
            const FlagSpec* flag = command->findFlag(option["name"].text());
            if (flag == nullptr)
                return base::makeError("invalid alias flag " + option["name"].text() + " in alias kubectl");
            if (!flagGiven(*flag, args)) flags.push_back("--" + flag->name + "=" + option["default"].text());
        }
        args.erase(args.begin() + static_cast<std::ptrdiff_t>(at));
        for (const Value& word : alias["prependArgs"].items()) words.push_back(word.text());
        args.insert(args.begin() + static_cast<std::ptrdiff_t>(at), words.begin(), words.end());
        insertFlags(args, flags);
        for (const Value& word : alias["appendArgs"].items()) args.push_back(word.text());
        break;
    }
    return base::okStatus();
}

base::Status applyDefaults(const Value& preference, std::vector<std::string>& args, std::string& notice) {
    std::vector<std::string> rest = args;
    const CommandSpec* command = findByWords(rest);
    if (command->parent == nullptr) return base::okStatus();
    for (const Value& item : preference["defaults"].items()) {
        std::vector<std::string> words = base::splitFields(item["command"].text());
        const CommandSpec* wanted = findByWords(words);
        if (wanted->parent == nullptr || !words.empty()) {
            notice += "Warning: command " + base::quoteGo(item["command"].text()) + " not found to set kuberc override\n";
            continue;
        }
        if (wanted->name != command->name) continue;
        std::vector<std::string> flags;
        for (const Value& option : item["options"].items()) {
            const FlagSpec* flag = command->findFlag(option["name"].text());
            if (flag == nullptr)
                return base::makeError("invalid flag " + option["name"].text() + " for command " + item["command"].text());
            if (!flagGiven(*flag, args)) flags.push_back("--" + flag->name + "=" + option["default"].text());
        }
        insertFlags(args, flags);
    }
    return base::okStatus();
}

} // namespace

base::Result<KubercPlace> kubercPlace(ports::Process& process, const std::string& flag) {
    const std::string chosen = variable(process, "KUBERC");
    if (chosen == "off") {
        if (!flag.empty()) return base::makeError("disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive");
        return KubercPlace{};
    }
    if (!flag.empty()) return KubercPlace{flag, true};
    if (!chosen.empty()) return KubercPlace{chosen, true};
    return KubercPlace{variable(process, "HOME") + "/.kube/kuberc", false};
}

base::Result<std::vector<std::string>> applyKuberc(ports::Process& process, std::vector<std::string> args, std::string& notice) {
    if (args.empty()) return args;
    BASE_TRY(const Value preference, preferences(process, args, notice));
    if (preference.isNull()) return args;
    BASE_CHECK(validate(preference));
    BASE_CHECK(applyAlias(preference, args));
    BASE_CHECK(applyDefaults(preference, args, notice));
    return args;
}

} // namespace kubectl
