#include "cluster/programs/flag_set.h"

#include "base/assets.h"
#include "base/ip.h"
#include "base/strings.h"

namespace cluster {
namespace {

// Go's strconv wording for a value that does not fit its type; empty when it does.
std::string problem(const std::string& type, const std::string& value) {
    if (type == "bool") {
        for (const char* known : {"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"})
            if (value == known) return {};
        return "strconv.ParseBool: parsing " + base::quoteGo(value) + ": invalid syntax";
    }
    if (type == "int" || type == "int32") {
        if (base::parseInt(value)) return {};
        return std::string(type == "int" ? "strconv.ParseInt" : "strconv.ParseInt") + ": parsing " +
               base::quoteGo(value) + ": invalid syntax";
    }
    if (type == "Level") {
        if (base::parseInt(value).value_or(-1) >= 0) return {};
        return "strconv.ParseUint: parsing " + base::quoteGo(value) + ": invalid syntax";
    }
    if (type == "duration") {
        if (sim::parseGoDuration(value)) return {};
        const bool bare = base::parseInt(value).has_value();
        return bare ? "time: missing unit in duration " + base::quoteGo(value)
                    : "time: invalid duration " + base::quoteGo(value);
    }
    if (type == "ip" && !base::IpAddress::parse(value)) return "failed to parse IP: " + base::quoteGo(value);
    return {};
}

} // namespace

FlagSet::FlagSet(std::string_view program) {
    for (const auto& line : base::splitLines(base::asset("flags/" + std::string(program) + ".tsv"))) {
        if (line.empty() || line[0] == '#') continue;
        auto parts = base::split(line, '\t');
        parts.resize(4);
        known_[parts[0]] = {parts[1], parts[2], parts[3]};
    }
    known_["help"] = {"h", "bool", "false"};
}

base::Status FlagSet::assign(const std::string& name, const Known& known, std::string value) {
    if (const std::string text = problem(known.type, value); !text.empty()) {
        const std::string shown = known.shortName.empty() ? "--" + name : "-" + known.shortName + ", --" + name;
        return base::makeError("invalid argument " + base::quoteGo(value) + " for " + base::quoteGo(shown) +
                               " flag: " + text);
    }
    if (known.type == "bool")
        value = value == "1" || value == "t" || base::toLower(value) == "true" || value == "T" ? "true" : "false";
    values_[name].push_back(std::move(value));
    return base::okStatus();
}

base::Status FlagSet::parseShort(const std::string& word, const std::vector<std::string>& arguments,
                                 std::size_t& at) {
    const std::string letter = word.substr(1, 1);
    for (const auto& [name, known] : known_) {
        if (known.shortName != letter) continue;
        if (word.size() > 2) return assign(name, known, word.substr(word[2] == '=' ? 3 : 2));
        if (known.type == "bool") return assign(name, known, "true");
        if (at + 1 >= arguments.size())
            return base::makeError("flag needs an argument: '" + letter + "' in " + word);
        return assign(name, known, arguments[++at]);
    }
    return base::makeError("unknown shorthand flag: '" + letter + "' in " + word);
}

base::Status FlagSet::parse(const std::vector<std::string>& arguments) {
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string& word = arguments[at];
        if (word == "--") {
            operands_.insert(operands_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end());
            break;
        }
        if (word.size() < 2 || word[0] != '-') {
            operands_.push_back(word);
            continue;
        }
        if (word[1] != '-') {
            BASE_CHECK(parseShort(word, arguments, at));
            continue;
        }
        const std::size_t equals = word.find('=');
        // Components accept underscores for dashes. Source: component-base/cli/flag WordSepNormalizeFunc.
        const std::string name = base::replaceAll(word.substr(2, equals == std::string::npos ? equals : equals - 2), "_", "-");
        const auto found = known_.find(name);
        if (found == known_.end()) return base::makeError("unknown flag: --" + name);
        if (equals != std::string::npos) {
            BASE_CHECK(assign(name, found->second, word.substr(equals + 1)));
        } else if (found->second.type == "bool") {
            BASE_CHECK(assign(name, found->second, "true"));
        } else if (at + 1 < arguments.size()) {
            BASE_CHECK(assign(name, found->second, arguments[++at]));
        } else {
            return base::makeError("flag needs an argument: --" + name);
        }
    }
    return base::okStatus();
}

bool FlagSet::given(std::string_view name) const { return values_.find(name) != values_.end(); }

std::string FlagSet::text(std::string_view name) const {
    if (const auto found = values_.find(name); found != values_.end()) return found->second.back();
    const auto known = known_.find(name);
    return known == known_.end() ? std::string() : known->second.fallback;
}

std::int64_t FlagSet::number(std::string_view name) const { return base::parseInt(text(name)).value_or(0); }
sim::Duration FlagSet::duration(std::string_view name) const { return sim::parseGoDuration(text(name)).value_or(0); }

std::vector<std::string> FlagSet::list(std::string_view name) const {
    std::vector<std::string> out;
    const auto found = values_.find(name);
    const std::vector<std::string> uses =
        found != values_.end() ? found->second : std::vector<std::string>{text(name)};
    for (const auto& use : uses)
        for (auto& item : base::split(use, ','))
            if (!item.empty()) out.push_back(std::move(item));
    return out;
}

} // namespace cluster
