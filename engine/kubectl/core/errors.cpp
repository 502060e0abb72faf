#include "kubectl/core/errors.h"

#include "api/status.h"
#include "base/strings.h"

#include <set>

namespace kubectl {

using document::Value;

base::Error usageError(const CommandSpec& command, std::string message) {
    return base::makeError(std::move(message) + "\nSee '" + command.fullPath() +
                           " -h' for help and examples");
}
base::Error exitError(int code, std::string message) {
    base::Error error = base::makeError(std::move(message));
    error.detail = std::make_shared<ExitDetail>(code);
    return error;
}
base::Error urlError(std::string_view method, std::string_view url, std::string host,
                     std::string inner) {
    std::string verb = base::toLower(method);
    if (!verb.empty()) verb[0] = static_cast<char>(verb[0] - 'a' + 'A');
    base::Error error = base::makeError(verb + " " + base::quoteGo(url) + ": " + inner);
    error.detail = std::make_shared<UrlDetail>(std::move(host), std::move(inner));
    return error;
}
base::Error configurationError(std::string message) {
    base::Error error = base::makeError(std::move(message));
    error.detail = std::make_shared<ConfigurationDetail>();
    return error;
}

std::vector<base::Error> flatten(const base::Error& error) {
    const auto* list = dynamic_cast<const AggregateDetail*>(error.detail.get());
    if (list == nullptr) return {error};
    std::vector<base::Error> out;
    for (const base::Error& item : list->errors)
        for (base::Error& inner : flatten(item)) out.push_back(std::move(inner));
    return out;
}

base::Error aggregate(std::vector<base::Error> errors) {
    if (errors.size() == 1) return std::move(errors.front());
    std::vector<std::string> texts;
    std::set<std::string> seen;
    for (const base::Error& error : errors)
        for (const base::Error& inner : flatten(error))
            if (seen.insert(errorText(inner)).second) texts.push_back(errorText(inner));
    std::string text = texts.size() == 1 ? texts[0] : "[" + base::join(texts, ", ") + "]";
    base::Error out = base::makeError(std::move(text));
    out.detail = std::make_shared<AggregateDetail>(std::move(errors));
    return out;
}

bool isUrlError(const base::Error& error) {
    return dynamic_cast<const UrlDetail*>(error.detail.get()) != nullptr;
}

std::string errorText(const base::Error& error) { return error.message; }

namespace {
const Value* statusOf(const base::Error& error) {
    const auto* detail = dynamic_cast<const api::StatusDetail*>(error.detail.get());
    return detail == nullptr ? nullptr : &detail->status;
}

bool standardMessage(const base::Error& error, std::string& out) {
    if (const Value* status = statusOf(error)) {
        const std::string reason = (*status)["reason"].text();
        const std::string message = (*status)["message"].text();
        if (reason == "Unauthorized")
            out = "error: You must be logged in to the server (" + message + ")";
        else if (!reason.empty()) out = "Error from server (" + reason + "): " + message;
        else out = "Error from server: " + message;
        return true;
    }
    if (const auto* url = dynamic_cast<const UrlDetail*>(error.detail.get())) {
        if (url->inner.find("connection refused") != std::string::npos)
            out = "The connection to the server " + url->host +
                  " was refused - did you specify the right host or port?";
        else out = "Unable to connect to the server: " + url->inner;
        return true;
    }
    return false;
}

std::string invalidText(const Value& status) {
    std::string out = "The request is invalid";
    const Value& details = status["details"];
    const std::string message = status["message"].text();
    if (details.isNull()) return message.empty() ? out : out + ": " + message;
    const std::string kind = details["kind"].text(), name = details["name"].text();
    const auto causes = details["causes"].items();
    if (!kind.empty() || !name.empty())
        out = "The " + kind + " " + base::quoteGo(name) + " is invalid";
    else if (!message.empty() && causes.empty()) out += ": " + message;
    if (causes.empty()) return out;
    std::vector<std::string> lines;
    std::set<std::string> seen;
    for (const Value& cause : causes) {
        std::string line = cause["field"].text() + ": " + cause["message"].text();
        if (seen.insert(line).second) lines.push_back(std::move(line));
    }
    out += ": ";
    if (lines.size() == 1) return out + lines[0];
    for (const std::string& line : lines) out += "\n* " + line;
    return out;
}
} // namespace

std::string messageFor(const base::Error& error) {
    std::string out;
    return standardMessage(error, out) ? out : errorText(error);
}

base::Error addSource(std::string_view verb, std::string_view source, const base::Error& error) {
    if (source.empty()) return error;
    const std::string text = "error when " + std::string(verb) + " " + base::quoteGo(source) + ": " +
                             errorText(error);
    if (const Value* status = statusOf(error))
        return api::errorFromStatus(status->with("message", text));
    return base::makeError(text);
}

base::Error prefixed(std::string_view prefix, const base::Error& error) {
    return base::makeError(std::string(prefix) + errorText(error));
}

Verdict judge(const base::Error& given) {
    base::Error error = given;
    if (const auto* list = dynamic_cast<const AggregateDetail*>(error.detail.get()))
        if (list->errors.size() == 1) error = base::Error(list->errors[0]);
    const auto finish = [](std::string text, int code = 1) {
        if (!text.empty() && text.back() != '\n') text += '\n';
        return Verdict{std::move(text), code};
    };
    if (const auto* exit = dynamic_cast<const ExitDetail*>(error.detail.get()))
        return finish(error.message, exit->code);
    if (const Value* status = statusOf(error))
        if ((*status)["reason"].asString() == "Invalid") return finish(invalidText(*status));
    if (dynamic_cast<const ConfigurationDetail*>(error.detail.get()) != nullptr)
        return finish("Error in configuration: " + error.message);
    if (const auto* list = dynamic_cast<const AggregateDetail*>(error.detail.get())) {
        std::string text;
        for (const base::Error& item : list->errors) text += messageFor(item) + "\n";
        return finish(text);
    }
    std::string text;
    if (!standardMessage(error, text)) {
        text = errorText(error);
        if (text.compare(0, 7, "error: ") != 0) text = "error: " + text;
    }
    return finish(text);
}

} // namespace kubectl
