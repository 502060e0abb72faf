// Quantities, versions, named formats, authorization checks. Source: apiserver pkg/cel/library
// quantity.go, semverlib.go, format.go, authz.go.
#include "api/names.h"
#include "api/quantity.h"
#include "apiserver/cel/functions.h"
#include "base/strings.h"
#include "sim/time.h"

#include <re2/re2.h>

namespace apiserver::cel {

using api::Quantity;
using document::Value;
using Kind = Datum::Kind;

namespace {

base::Result<Datum> failed(std::string text) { return base::makeError(std::move(text)); }
Datum number(std::int64_t n) { return Datum(Value(n)); }
Datum truth(bool yes) { return Datum(Value(yes)); }

Answer quantityFunction(const std::string& name, const Data& a, bool method) {
    if (!method && a.size() == 1 && a[0].kind == Kind::Plain && a[0].value.isString()) {
        if (name == "isQuantity") return truth(Quantity::parse(a[0].value.asString()).has_value());
        if (name != "quantity") return std::nullopt;
        auto read = Quantity::read(a[0].value.asString());
        if (!read.ok()) return base::Result<Datum>(read.error());
        return Datum(Kind::Quantity, Value(read->text()));
    }
    if (a.empty() || a[0].kind != Kind::Quantity || method == (name == "sign")) return std::nullopt;
    const Quantity self = Quantity::of(a[0].value.asString());
    const bool whole = Quantity::fromValue(self.value()) == self;
    if (name == "sign") return number(self.sign());
    if (name == "isInteger") return truth(whole);
    if (name == "asInteger") return whole ? base::Result<Datum>(number(self.value())) : failed("cannot convert value to integer");
    if (name == "asApproximateFloat") return Datum(Value(self.asDouble()));
    if (a.size() != 2) return std::nullopt;
    Quantity other;
    if (a[1].kind == Kind::Quantity) other = Quantity::of(a[1].value.asString());
    else if (a[1].value.isInt() && (name == "add" || name == "sub")) other = Quantity::fromValue(a[1].value.asInt());
    else return std::nullopt;
    if (name == "add") return Datum(Kind::Quantity, Value((self + other).text()));
    if (name == "sub") return Datum(Kind::Quantity, Value((self - other).text()));
    if (name == "isGreaterThan") return truth(self > other);
    if (name == "isLessThan") return truth(self < other);
    if (name == "compareTo") return number(self < other ? -1 : self > other ? 1 : 0);
    return std::nullopt;
}

// Source: semver.org 2.0.0; blang/semver for the texts.
struct Version {
    std::int64_t parts[3] = {0, 0, 0};
    std::vector<std::string> release; // of a pre-release
};

bool digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

base::Result<Version> readVersion(std::string text, bool lenient) {
    if (lenient && text.starts_with('v')) text.erase(0, 1);
    if (text.empty()) return base::makeError("Version string empty");
    std::string extra;
    if (const auto at = text.find_first_of("-+"); at != std::string::npos) {
        extra = text.substr(at);
        text.erase(at);
    }
    auto parts = base::splitLimited(text, '.', 3);
    while (lenient && parts.size() < 3 && extra.empty()) parts.emplace_back("0");
    if (parts.size() != 3) return base::makeError("No Major.Minor.Patch elements found");
    static constexpr const char* kNames[] = {"major", "minor", "patch"};
    Version version;
    for (std::size_t i = 0; i < 3; ++i) {
        if (!digits(parts[i]))
            return base::makeError(std::string("Invalid character(s) found in ") + kNames[i] + " number " + base::quoteGo(parts[i]));
        if (!lenient && parts[i].size() > 1 && parts[i][0] == '0')
            return base::makeError(std::string(i == 0 ? "Major" : i == 1 ? "Minor" : "Patch") +
                                   " number must not contain leading zeroes " + base::quoteGo(parts[i]));
        version.parts[i] = base::parseInt(parts[i]).value_or(0);
    }
    const std::string release = extra.substr(0, extra.find('+'));
    if (!release.empty()) {
        for (const std::string& part : base::split(release.substr(1), '.')) {
            if (part.empty()) return base::makeError("Prerelease is empty");
            if (digits(part) && part.size() > 1 && part[0] == '0')
                return base::makeError("Numeric PreRelease version must not contain leading zeroes " + base::quoteGo(part));
            version.release.push_back(part);
        }
    }
    return version;
}

int orderOfVersions(const Version& a, const Version& b) {
    for (std::size_t i = 0; i < 3; ++i)
        if (a.parts[i] != b.parts[i]) return a.parts[i] < b.parts[i] ? -1 : 1;
    if (a.release.empty() || b.release.empty()) return a.release.empty() == b.release.empty() ? 0 : a.release.empty() ? 1 : -1;
    for (std::size_t i = 0; i < a.release.size() && i < b.release.size(); ++i) {
        const std::string &x = a.release[i], &y = b.release[i];
        if (x == y) continue;
        if (digits(x) != digits(y)) return digits(x) ? -1 : 1;
        // Without leading zeroes the longer number is the greater one.
        if (digits(x) && x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
        return x < y ? -1 : 1;
    }
    return a.release.size() == b.release.size() ? 0 : a.release.size() < b.release.size() ? -1 : 1;
}

Answer versionFunction(const std::string& name, const Data& a, bool method) {
    if (!method && (name == "semver" || name == "isSemver") && !a.empty() && a[0].value.isString()) {
        const bool lenient = a.size() > 1 && a[1].value.asBool();
        auto version = readVersion(a[0].value.text(), lenient);
        if (name == "isSemver") return truth(version.ok());
        if (!version.ok()) return base::Result<Datum>(version.error());
        std::string text = std::to_string(version->parts[0]) + "." + std::to_string(version->parts[1]) + "." + std::to_string(version->parts[2]);
        if (!version->release.empty()) text += "-" + base::join(version->release, ".");
        return Datum(Kind::Semver, Value(text));
    }
    if (!method || a.empty() || a[0].kind != Kind::Semver) return std::nullopt;
    const Version self = *readVersion(a[0].value.text(), false);
    if (name == "major") return number(self.parts[0]);
    if (name == "minor") return number(self.parts[1]);
    if (name == "patch") return number(self.parts[2]);
    if (a.size() != 2 || a[1].kind != Kind::Semver) return std::nullopt;
    const int order = orderOfVersions(self, *readVersion(a[1].value.text(), false));
    if (name == "isGreaterThan") return truth(order > 0);
    if (name == "isLessThan") return truth(order < 0);
    if (name == "compareTo") return number(order);
    return std::nullopt;
}

constexpr std::string_view kFormats[] = {"dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix",
                                         "dns1123SubdomainPrefix", "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte",
                                         "date", "datetime"};

bool fits(std::string_view text, const char* pattern) {
    return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

std::vector<std::string> formatProblems(std::string_view format, std::string text) {
    if (format.ends_with("Prefix")) {
        // A prefix may end in the dash that the generated rest follows.
        format.remove_suffix(6);
        if (text.size() > 1 && text.ends_with('-')) text.back() = 'a';
    }
    if (format == "dns1123Label") return api::checkDns1123Label(text);
    if (format == "dns1123Subdomain") return api::checkDns1123Subdomain(text);
    if (format == "dns1035Label") return api::checkDns1035Label(text);
    if (format == "qualifiedName") return api::checkLabelKey(text);
    if (format == "labelValue") return api::checkLabelValue(text);
    if (format == "uuid")
        return fits(text, "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
                   ? std::vector<std::string>() : std::vector<std::string>{"does not match the UUID format"};
    if (format == "byte")
        return base::decodeBase64(text) && !text.empty() ? std::vector<std::string>() : std::vector<std::string>{"invalid base64"};
    if (format == "date")
        return fits(text, "\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])") ? std::vector<std::string>()
                                                                              : std::vector<std::string>{"invalid date"};
    if (format == "datetime")
        return sim::parseRfc3339(text) ? std::vector<std::string>() : std::vector<std::string>{"invalid datetime"};
    const Answer url = networkFunction("url", {Datum(Value(text))}, false);
    if (url && !url->ok()) {
        const std::string& why = url->error().message;
        const auto colon = why.find(": ");
        return {why.substr(colon == std::string::npos ? 0 : colon + 2)};
    }
    return {};
}

Answer formatFunction(const std::string& name, const Data& a, bool method) {
    const auto known = [](std::string_view wanted) {
        for (const std::string_view format : kFormats)
            if (format == wanted) return true;
        return false;
    };
    if (name == "format.named" && a.size() == 1)
        return known(a[0].value.asString()) ? optionalOf(Datum(Kind::Format, a[0].value)) : noneDatum();
    if (name.starts_with("format.") && a.empty() && known(name.substr(7))) return Datum(Kind::Format, Value(name.substr(7)));
    if (!method || a.size() != 2 || a[0].kind != Kind::Format || name != "validate") return std::nullopt;
    const auto problems = formatProblems(a[0].value.asString(), a[1].value.text());
    return problems.empty() ? noneDatum() : optionalOf(Datum(Value::strings(problems)));
}

} // namespace

Answer kubernetesFunction(const std::string& name, const Data& a, bool method) {
    if (Answer made = quantityFunction(name, a, method)) return made;
    if (Answer made = versionFunction(name, a, method)) return made;
    return formatFunction(name, a, method);
}

Answer authorizerFunction(const std::string& name, const Data& a, Authority* authority) {
    if (a.empty() || a[0].kind != Kind::Authorizer) return std::nullopt;
    const Datum& self = a[0];
    const auto become = [&](const char* type, const char* key, const Value& value) {
        Datum next = self;
        next.type = type;
        if (key != nullptr) next.value = (next.value.isObject() ? next.value : Value::object()).with(key, value);
        return next;
    };
    if (self.type == "Decision") {
        if (name == "allowed") return truth(self.value["allowed"].asBool());
        if (name == "reason") return Datum(self.value["reason"]);
        if (name == "errored") return truth(false);
        if (name == "error") return Datum(Value(""));
        return std::nullopt;
    }
    if (self.type == "Authorizer" && name == "serviceAccount" && a.size() == 3)
        return become("Authorizer", "user", Value("system:serviceaccount:" + a[1].value.text() + ":" + a[2].value.text()));
    if (a.size() != 2) return std::nullopt;
    const Value& given = a[1].value;
    if (self.type == "Authorizer" && name == "path")
        return given.isEmpty() ? failed("path must not be empty") : base::Result<Datum>(become("PathCheck", "path", given));
    if (self.type == "Authorizer" && name == "group") return become("GroupCheck", "group", given);
    if (self.type == "GroupCheck" && name == "resource")
        return given.isEmpty() ? failed("resource must not be empty") : base::Result<Datum>(become("ResourceCheck", "resource", given));
    if (self.type == "ResourceCheck" && (name == "subresource" || name == "namespace" || name == "name"))
        return become("ResourceCheck", name.c_str(), given);
    if (self.type == "ResourceCheck" && (name == "fieldSelector" || name == "labelSelector"))
        return become("ResourceCheck", nullptr, given);
    if (name == "check" && (self.type == "ResourceCheck" || self.type == "PathCheck")) {
        Authority::Answer answer;
        if (authority != nullptr) answer = authority->check(self.value.with("verb", given));
        Datum decision = self;
        decision.type = "Decision";
        decision.value = Value::object({{"allowed", answer.allowed}, {"reason", answer.reason}});
        return decision;
    }
    return std::nullopt;
}

} // namespace apiserver::cel
