#include "kubectl/commands/changes.h"

#include "api/kinds.h"
#include "base/strings.h"
#include "document/patch.h"

#include <cctype>

namespace kubectl {

using document::Value;

base::Status printResult(Session& session, const Value& object, const std::string& operation, DryRun mode, bool typed) {
    PrinterOptions options;
    options.operation = operation + dryRunSuffix(mode);
    options.typed = typed;
    BASE_TRY(PrinterPtr printer, makePrinter(session, options));
    BASE_TRY(const std::string text, printer->print(object));
    session.out(text);
    return base::okStatus();
}

sim::Task<base::Result<Value>> patchObject(Session& session, Info info, Value patch, std::string contentType, DryRun mode,
                                           std::string subresource) {
    CallOptions call;
    if (mode == DryRun::Server) call.query.set("dryRun", "All");
    if (session.flags.known("field-manager")) call.query.set("fieldManager", session.flags.text("field-manager"));
    call.contentType = contentType;
    call.body = patch;
    const std::string path = info.path(subresource);
    co_return co_await session.call("PATCH", path, std::move(call));
}

base::Result<Value> changePatch(const Mapping& mapping, const Value& before, const Value& after, std::string& contentType) {
    const api::ResourceInfo* info = mapping.builtin();
    if (info != nullptr && info->type != nullptr) {
        contentType = kStrategicPatch;
        const auto schema = api::mergeSchema(*info);
        return document::makeTwoWayStrategicPatch(before, after, *schema);
    }
    contentType = kMergePatch;
    return document::makeMergePatch(before, after);
}

base::Result<ResourcesAndChanges> splitChanges(const std::vector<std::string>& args, std::string_view what) {
    ResourcesAndChanges out;
    for (const std::string& arg : args) {
        const bool change = (arg.find('=') != std::string::npos && arg[0] != '=') || (arg.size() > 1 && arg.back() == '-');
        if (change) out.changes.push_back(arg);
        else if (out.changes.empty()) out.resources.push_back(arg);
        else return base::makeError("all resources must be specified before " + std::string(what) + " changes: " + arg);
    }
    return out;
}

namespace {
bool alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool nameLike(std::string_view text) {
    if (text.empty() || !alnum(text.front()) || !alnum(text.back())) return false;
    for (const char c : text)
        if (!alnum(c) && c != '-' && c != '_' && c != '.') return false;
    return true;
}
bool subdomain(std::string_view text) {
    if (text.empty() || text.size() > 253) return false;
    for (const std::string& part : base::split(text, '.')) {
        if (part.empty() || part.front() == '-' || part.back() == '-') return false;
        for (const char c : part)
            if (!(std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-')) return false;
    }
    return true;
}
} // namespace

std::string labelValueProblem(std::string_view value, std::string_view separator) {
    std::vector<std::string> problems;
    if (value.size() > 63) problems.emplace_back("must be no more than 63 bytes");
    if (!value.empty() && !nameLike(value))
        problems.emplace_back("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
    return base::join(problems, separator);
}

std::string qualifiedNameProblem(std::string_view name, std::string_view separator) {
    static constexpr const char* kForm = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    std::vector<std::string> problems;
    const auto parts = base::split(name, '/');
    std::string plain = parts[0];
    if (parts.size() == 2) {
        plain = parts[1];
        if (parts[0].empty()) problems.emplace_back("prefix part must be non-empty");
        else if (!subdomain(parts[0]))
            problems.emplace_back("prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
    } else if (parts.size() > 2) {
        return "a valid qualified name " + std::string(kForm).substr(0, std::string(kForm).size() - 1) + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    if (plain.empty()) problems.emplace_back("name part must be non-empty");
    else if (plain.size() > 63) problems.emplace_back("name part must be no more than 63 bytes");
    if (!nameLike(plain)) problems.push_back(std::string("name part ") + kForm);
    return base::join(problems, separator);
}

} // namespace kubectl
