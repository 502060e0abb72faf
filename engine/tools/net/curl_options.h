#pragma once
// The command line of curl. Source: curl(1), tool_getparam.c for the texts of errors.

#include "ports/program.h"

#include <optional>
#include <string>
#include <vector>

namespace tools::net {

struct CurlOptions {
    std::vector<std::string> urls;
    bool silent = false, showError = false, verbose = false, head = false, include = false, insecure = false;
    bool follow = false, fail = false, failWithBody = false, remoteName = false, get = false, noBuffer = false;
    std::string output, format, method, data, userAgent = "curl/7.88.1", user, cacert, cert, key, interface, upload;
    std::string dumpHeader;
    bool hasData = false;
    std::vector<std::string> headers, resolve;
    double maxTime = 0, connectTimeout = 0;
    int retry = 0, retryDelay = 0;
    bool version = false, help = false; // nothing else is done then
};

struct CurlFailure {
    int code = 0; // exit status
    std::string text;
};

// What is wrong with the process's arguments, if anything.
std::optional<CurlFailure> readCurlOptions(ports::Process& process, CurlOptions& options);

} // namespace tools::net
