#pragma once
// Errors as kubectl tells them apart and prints them. Source: k8s.io/kubectl pkg/cmd/util/helpers.go.

#include "base/result.h"
#include "kubectl/cli/command_table.h"

#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

// Several errors that are printed one by one.
struct AggregateDetail : base::ErrorDetail {
    std::vector<base::Error> errors;
    explicit AggregateDetail(std::vector<base::Error> list) : errors(std::move(list)) {}
};
// The end of the program with this code; the message, if any, is printed as it is.
struct ExitDetail : base::ErrorDetail {
    int code;
    explicit ExitDetail(int c) : code(c) {}
};
// A request that got no answer. The message is Go's url.Error text.
struct UrlDetail : base::ErrorDetail {
    std::string host, inner;
    UrlDetail(std::string h, std::string i) : host(std::move(h)), inner(std::move(i)) {}
};
// A kubeconfig that cannot be used.
struct ConfigurationDetail : base::ErrorDetail {};

base::Error usageError(const CommandSpec& command, std::string message);
base::Error exitError(int code, std::string message = {});
base::Error urlError(std::string_view method, std::string_view url, std::string host,
                     std::string inner);
base::Error configurationError(std::string message);
// One error stays as it is.
base::Error aggregate(std::vector<base::Error> errors);
std::vector<base::Error> flatten(const base::Error& error);

bool isUrlError(const base::Error& error);
// Go's err.Error().
std::string errorText(const base::Error& error);
// StandardErrorMessage, or the text.
std::string messageFor(const base::Error& error);
// `error when creating "f.yaml": ...`; keeps a Status.
base::Error addSource(std::string_view verb, std::string_view source, const base::Error& error);
// A plain error with a prefix: the Status is lost, as with fmt.Errorf("...: %v").
base::Error prefixed(std::string_view prefix, const base::Error& error);

struct Verdict {
    std::string text; // for stderr, with its newline
    int code = 1;
};
Verdict judge(const base::Error& error);

} // namespace kubectl
