#include "api/names.h"

#include "base/strings.h"

#include <algorithm>

namespace api {
namespace {

constexpr std::string_view kLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
constexpr std::string_view kSubdomain =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kUnderscoreSubdomain =
    "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
constexpr std::string_view kLabelKey = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLowerOrDigit(char c) { return isLower(c) || isDigit(c); }
bool isAlphanumeric(char c) { return isLower(c) || isUpper(c) || isDigit(c); }

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
    return std::all_of(text.begin(), text.end(), predicate);
}

bool isLabel(std::string_view text) {
    return !text.empty() && isLowerOrDigit(text.front()) && isLowerOrDigit(text.back()) &&
           all(text, [](char c) { return isLowerOrDigit(c) || c == '-'; });
}
bool isUnderscoreLabel(std::string_view text) {
    if (!text.empty() && text.front() == '_') text.remove_prefix(1);
    return !text.empty() && isLowerOrDigit(text.front()) && isLowerOrDigit(text.back()) &&
           all(text, [](char c) { return isLowerOrDigit(c) || c == '-' || c == '_'; });
}
template <typename Predicate>
bool eachPart(std::string_view text, Predicate predicate) {
    for (;;) {
        const auto dot = text.find('.');
        if (!predicate(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}
bool isSubdomain(std::string_view text) { return !text.empty() && eachPart(text, isLabel); }

bool isLabelName(std::string_view text) {
    return !text.empty() && isAlphanumeric(text.front()) && isAlphanumeric(text.back()) &&
           all(text, [](char c) { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

Problems subdomainProblems(std::string_view text, bool fine, std::string_view message,
                           std::string_view pattern, std::string_view example,
                           std::string_view unit = "characters") {
    Problems problems;
    if (text.size() > 253) problems.push_back("must be no more than 253 " + std::string(unit));
    if (!fine) problems.push_back(regexText(message, pattern, {example}));
    return problems;
}

void addDotProblems(Problems& problems, std::string_view text) {
    if (text == ".") problems.emplace_back("must not be '.'");
    else if (text == "..") problems.emplace_back("must not be '..'");
    else if (text.substr(0, 2) == "..") problems.emplace_back("must not start with '..'");
}

} // namespace

std::string rangeText(std::int64_t low, std::int64_t high) {
    return "must be between " + std::to_string(low) + " and " + std::to_string(high) +
           ", inclusive";
}
std::string maxLengthText(std::size_t length) {
    return "must be no more than " + std::to_string(length) + " characters";
}
std::string regexText(std::string_view message, std::string_view pattern,
                      std::initializer_list<std::string_view> examples) {
    std::string text(message);
    bool first = true;
    text += " (";
    for (std::string_view example : examples) {
        text += first ? "e.g. '" : " or '";
        text += example;
        text += "', ";
        first = false;
    }
    text += "regex used for validation is '";
    text += pattern;
    return text + "')";
}

Problems checkLabelKey(std::string_view text) {
    constexpr std::string_view kMessage =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character";
    const std::size_t slash = text.find('/');
    const bool bare = slash == std::string_view::npos;
    const std::string_view last = bare ? text : text.substr(slash + 1), prefix = text.substr(0, bare ? 0 : slash);
    if (last.size() <= 63 && isLabelName(last) && (bare || (prefix.size() <= 253 && isSubdomain(prefix))))
        return {}; // nearly every one
    Problems problems;
    const auto parts = base::split(text, '/');
    const std::string rule = regexText(kMessage, kLabelKey, {"MyName", "my.name", "123-abc"});
    if (parts.size() > 2)
        return {"a valid label key " + rule +
                " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    if (parts.size() == 2) {
        if (parts[0].empty()) {
            problems.emplace_back("prefix part must be non-empty");
        } else {
            for (const std::string& problem :
                 subdomainProblems(parts[0], isSubdomain(parts[0]),
                                   "a lowercase RFC 1123 subdomain must consist of lower case "
                                   "alphanumeric characters, '-' or '.', and must start and end with "
                                   "an alphanumeric character",
                                   kSubdomain, "example.com", "bytes"))
                problems.push_back("prefix part " + problem);
        }
    }
    const std::string& name = parts.back();
    if (name.empty()) problems.emplace_back("name part must be non-empty");
    else if (name.size() > 63) problems.emplace_back("name part must be no more than 63 bytes");
    if (!isLabelName(name)) problems.push_back("name part " + rule);
    return problems;
}

Problems checkLabelValue(std::string_view text) {
    Problems problems;
    if (text.size() > 63) problems.emplace_back("must be no more than 63 bytes");
    if (!text.empty() && !isLabelName(text))
        problems.push_back(regexText(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
            "or '.', and must start and end with an alphanumeric character",
            "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", {"MyValue", "my_value", "12345"}));
    return problems;
}

Problems checkDns1123Label(std::string_view text) {
    Problems problems;
    if (text.size() > 63) problems.push_back(maxLengthText(63));
    if (!isLabel(text)) {
        if (isSubdomain(text)) problems.emplace_back("must not contain dots");
        else
            problems.push_back(regexText(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
                "'-', and must start and end with an alphanumeric character",
                kLabel, {"my-name", "123-abc"}));
    }
    return problems;
}

Problems checkDns1123Subdomain(std::string_view text) {
    return subdomainProblems(text, isSubdomain(text),
                             "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                             "characters, '-' or '.', and must start and end with an alphanumeric "
                             "character",
                             kSubdomain, "example.com");
}

Problems checkDns1123SubdomainUnderscore(std::string_view text) {
    return subdomainProblems(text, !text.empty() && eachPart(text, isUnderscoreLabel),
                             "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                             "characters, '_', '-' or '.', and must start and end with an "
                             "alphanumeric character",
                             kUnderscoreSubdomain, "example.com");
}

Problems checkDns1123SubdomainCaseless(std::string_view text) {
    return subdomainProblems(text, isSubdomain(base::toLower(text)),
                             "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or "
                             "'.', and must start and end with an alphanumeric character",
                             kSubdomain, "Example.com", "bytes");
}

Problems checkDns1035Label(std::string_view text) {
    Problems problems;
    if (text.size() > 63) problems.push_back(maxLengthText(63));
    if (!isLabel(text) || !isLower(text.front()))
        problems.push_back(regexText(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
            "an alphabetic character, and end with an alphanumeric character",
            "[a-z]([-a-z0-9]*[a-z0-9])?", {"my-name", "abc-123"}));
    return problems;
}

Problems checkWildcardDns1123Subdomain(std::string_view text) {
    const bool fine = text.substr(0, 2) == "*." && isSubdomain(text.substr(2));
    return subdomainProblems(text, fine,
                             "a wildcard DNS-1123 subdomain must start with '*.', followed by a "
                             "valid DNS subdomain, which must consist of lower case alphanumeric "
                             "characters, '-' or '.' and end with an alphanumeric character",
                             std::string("\\*\\.") + std::string(kSubdomain), "*.example.com");
}

Problems checkCIdentifier(std::string_view text) {
    const bool fine = !text.empty() && !isDigit(text.front()) &&
                      all(text, [](char c) { return isAlphanumeric(c) || c == '_'; });
    if (fine) return {};
    return {regexText("a valid C identifier must start with alphabetic character or '_', followed by "
                      "a string of alphanumeric characters or '_'",
                      "[A-Za-z_][A-Za-z0-9_]*", {"my_name", "MY_NAME", "MyName"})};
}

Problems checkPortNumber(std::int64_t port) { return checkRange(port, 1, 65535); }

Problems checkRange(std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return {};
    return {rangeText(low, high)};
}

Problems checkPortName(std::string_view text) {
    Problems problems;
    if (text.size() > 15) problems.push_back(maxLengthText(15));
    if (text.empty() || !all(text, [](char c) { return isLowerOrDigit(c) || c == '-'; }))
        problems.emplace_back(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    if (std::none_of(text.begin(), text.end(), isLower))
        problems.emplace_back("must contain at least one letter (a-z)");
    if (text.find("--") != std::string_view::npos)
        problems.emplace_back("must not contain consecutive hyphens");
    if (!text.empty() && (text.front() == '-' || text.back() == '-'))
        problems.emplace_back("must not begin or end with a hyphen");
    return problems;
}

Problems checkPercent(std::string_view text) {
    const bool fine = text.size() > 1 && text.back() == '%' &&
                      all(text.substr(0, text.size() - 1), isDigit);
    if (fine) return {};
    return {regexText("a valid percent string must be a numeric string followed by an ending '%'",
                      "[0-9]+%", {"1%", "93%"})};
}

Problems checkHttpHeaderName(std::string_view text) {
    if (!text.empty() && all(text, [](char c) { return isAlphanumeric(c) || c == '-'; })) return {};
    return {regexText("a valid HTTP header must consist of alphanumeric characters or '-'",
                      "[-A-Za-z0-9]+", {"X-Header-Name"})};
}

Problems checkEnvVarName(std::string_view text) {
    Problems problems;
    const auto allowed = [](char c) { return isAlphanumeric(c) || c == '-' || c == '.' || c == '_'; };
    if (text.empty() || isDigit(text.front()) || !all(text, allowed))
        problems.push_back(regexText(
            "a valid environment variable name must consist of alphabetic characters, digits, '_', "
            "'-', or '.', and must not start with a digit",
            "[-._a-zA-Z][-._a-zA-Z0-9]*", {"my.env-name", "MY_ENV.NAME", "MyEnvName1"}));
    addDotProblems(problems, text);
    return problems;
}

Problems checkRelaxedEnvVarName(std::string_view text) {
    Problems problems;
    if (text.empty()) problems.emplace_back("environment variable name must be non-empty");
    if (!all(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '='; }))
        problems.emplace_back("a valid environment variable name must consist only of printable "
                              "ASCII characters other than '='");
    return problems;
}

Problems checkConfigMapKey(std::string_view text) {
    Problems problems;
    if (text.size() > 253) problems.push_back(maxLengthText(253));
    const auto allowed = [](char c) { return isAlphanumeric(c) || c == '-' || c == '.' || c == '_'; };
    if (text.empty() || !all(text, allowed))
        problems.push_back(
            regexText("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                      "[-._a-zA-Z0-9]+", {"key.name", "KEY_NAME", "key-name"}));
    addDotProblems(problems, text);
    return problems;
}

Problems checkPathSegment(std::string_view text) {
    if (text == "." || text == "..") return {"may not be '" + std::string(text) + "'"};
    Problems problems;
    for (std::string_view illegal : {"/", "%"})
        if (text.find(illegal) != std::string_view::npos)
            problems.push_back("may not contain '" + std::string(illegal) + "'");
    return problems;
}

} // namespace api
