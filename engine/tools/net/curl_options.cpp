#include "tools/net/curl_options.h"

#include "base/strings.h"
#include "ports/http.h"

#include <cstdlib>

namespace tools::net {
namespace {

struct Flag {
    const char* name;
    char brief;
    bool value;
};
constexpr Flag kFlags[] = {
    {"--silent", 's', false}, {"--show-error", 'S', false}, {"--verbose", 'v', false}, {"--head", 'I', false},
    {"--include", 'i', false}, {"--insecure", 'k', false}, {"--location", 'L', false}, {"--fail", 'f', false},
    {"--fail-with-body", 0, false}, {"--remote-name", 'O', false}, {"--get", 'G', false}, {"--no-buffer", 'N', false},
    {"--output", 'o', true}, {"--write-out", 'w', true}, {"--request", 'X', true}, {"--data", 'd', true},
    {"--data-raw", 0, true}, {"--data-binary", 0, true}, {"--data-urlencode", 0, true}, {"--data-ascii", 0, true},
    {"--json", 0, true}, {"--header", 'H', true}, {"--max-time", 'm', true}, {"--connect-timeout", 0, true},
    {"--user-agent", 'A', true}, {"--user", 'u', true}, {"--referer", 'e', true}, {"--cacert", 0, true},
    {"--cert", 'E', true}, {"--key", 0, true}, {"--resolve", 0, true}, {"--retry", 0, true}, {"--retry-delay", 0, true},
    {"--retry-connrefused", 0, false}, {"--interface", 0, true}, {"--ipv4", '4', false}, {"--ipv6", '6', false},
    {"--http1.1", 0, false}, {"--http1.0", '0', false}, {"--http2", 0, false}, {"--compressed", 0, false},
    {"--progress-bar", '#', false}, {"--no-progress-meter", 0, false}, {"--upload-file", 'T', true},
    {"--dump-header", 'D', true}, {"--url", 0, true}, {"--version", 'V', false}, {"--help", 'h', false},
    {"--noproxy", 0, true}, {"--cookie", 'b', true}, {"--tlsv1.2", 0, false}, {"--globoff", 'g', false},
    {"--oauth2-bearer", 0, true}, {"--max-redirs", 0, true}, {"--parallel", 'Z', false}};

std::string encoded(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return ports::percentEncode(text);
    return text.substr(0, equals) + "=" + ports::percentEncode(text.substr(equals + 1));
}

class Reader {
public:
    Reader(ports::Process& process, CurlOptions& options) : process_(process), options_(options) {}

    std::optional<CurlFailure> run() {
        const auto& argv = process_.argv();
        for (std::size_t i = 1; i < argv.size(); ++i) {
            const std::string& word = argv[i];
            if (word.size() < 2 || word[0] != '-') {
                options_.urls.push_back(word);
                continue;
            }
            if (word[1] == '-') {
                const Flag* flag = nullptr;
                for (const Flag& known : kFlags)
                    if (word == known.name) flag = &known;
                if (flag == nullptr) return CurlFailure{2, "option " + word + ": is unknown"};
                std::string value;
                if (flag->value) {
                    if (i + 1 >= argv.size()) return CurlFailure{2, "option " + word + ": requires parameter"};
                    value = argv[++i];
                }
                if (auto failure = set(*flag, value)) return failure;
                continue;
            }
            for (std::size_t at = 1; at < word.size(); ++at) {
                const Flag* flag = nullptr;
                for (const Flag& known : kFlags)
                    if (known.brief == word[at]) flag = &known;
                if (flag == nullptr) return CurlFailure{2, "option " + word + ": is unknown"};
                std::string value;
                if (flag->value) {
                    value = word.substr(at + 1);
                    at = word.size();
                    if (value.empty()) {
                        if (i + 1 >= argv.size()) return CurlFailure{2, "option -" + std::string(1, flag->brief) + ": requires parameter"};
                        value = argv[++i];
                    }
                }
                if (auto failure = set(*flag, value)) return failure;
            }
        }
        return std::nullopt;
    }

private:
    std::optional<CurlFailure> addData(std::string value, bool raw, bool binary) {
        if (!raw && !value.empty() && value[0] == '@') {
            const std::string path = value.substr(1);
            const auto content = process_.files().read(path == "-" ? "/dev/stdin" : process_.resolve(path));
            if (!content.ok()) return CurlFailure{26, "Failed to open " + path};
            value = *content;
            if (!binary) value = base::replaceAll(base::replaceAll(value, "\r", ""), "\n", "");
        }
        options_.data += (options_.hasData ? "&" : "") + value;
        options_.hasData = true;
        return std::nullopt;
    }

    std::optional<CurlFailure> set(const Flag& flag, const std::string& value) {
        const std::string_view name = flag.name;
        if (name == "--silent") options_.silent = true;
        else if (name == "--show-error") options_.showError = true;
        else if (name == "--verbose") options_.verbose = true;
        else if (name == "--head") options_.head = true;
        else if (name == "--include") options_.include = true;
        else if (name == "--insecure") options_.insecure = true;
        else if (name == "--location") options_.follow = true;
        else if (name == "--fail") options_.fail = true;
        else if (name == "--fail-with-body") options_.fail = options_.failWithBody = true;
        else if (name == "--remote-name") options_.remoteName = true;
        else if (name == "--get") options_.get = true;
        else if (name == "--no-progress-meter") options_.silent = options_.showError = true;
        else if (name == "--output") options_.output = value;
        else if (name == "--write-out") options_.format = value;
        else if (name == "--request") options_.method = value;
        else if (name == "--data" || name == "--data-ascii") return addData(value, false, false);
        else if (name == "--data-raw") return addData(value, true, false);
        else if (name == "--data-binary") return addData(value, false, true);
        else if (name == "--data-urlencode") return addData(encoded(value), true, false);
        else if (name == "--json") {
            options_.headers.push_back("Content-Type: application/json");
            options_.headers.push_back("Accept: application/json");
            return addData(value, false, true);
        } else if (name == "--header") options_.headers.push_back(value);
        else if (name == "--user-agent") options_.userAgent = value;
        else if (name == "--referer") options_.headers.push_back("Referer: " + value);
        else if (name == "--cookie") options_.headers.push_back("Cookie: " + value);
        else if (name == "--oauth2-bearer") options_.headers.push_back("Authorization: Bearer " + value);
        else if (name == "--user") options_.user = value;
        else if (name == "--cacert") options_.cacert = value;
        else if (name == "--cert") options_.cert = value;
        else if (name == "--key") options_.key = value;
        else if (name == "--resolve") options_.resolve.push_back(value);
        else if (name == "--interface") options_.interface = value;
        else if (name == "--upload-file") options_.upload = value;
        else if (name == "--dump-header") options_.dumpHeader = value;
        else if (name == "--url") options_.urls.push_back(value);
        else if (name == "--retry") options_.retry = static_cast<int>(base::parseInt(value).value_or(0));
        else if (name == "--retry-delay") options_.retryDelay = static_cast<int>(base::parseInt(value).value_or(0));
        else if (name == "--max-time" || name == "--connect-timeout") {
            char* end = nullptr;
            const double seconds = std::strtod(value.c_str(), &end);
            if (value.empty() || *end != '\0') return CurlFailure{2, "option " + std::string(name == "--max-time" ? "-m" : name) + ": expected a proper numerical parameter"};
            (name == "--max-time" ? options_.maxTime : options_.connectTimeout) = seconds;
        } else if (name == "--version") options_.version = true;
        else if (name == "--help") options_.help = true;
        return std::nullopt;
    }

    ports::Process& process_;
    CurlOptions& options_;
};

} // namespace

std::optional<CurlFailure> readCurlOptions(ports::Process& process, CurlOptions& options) {
    return Reader(process, options).run();
}

} // namespace tools::net
