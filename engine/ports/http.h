#pragma once
// HTTP as the simulated programs exchange it: whole messages, without turning them into bytes. The
// gateway and byte-level tools (curl, nc) convert at the edge.

#include "base/ip.h"
#include "document/value.h"
#include "pki/certificate.h"
#include "ports/byte_stream.h"
#include "sim/channel.h"
#include "sim/task.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ports {

class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> list) : list_(list) {}
    void set(std::string_view name, std::string value); // replaces; names compare without case
    void add(std::string_view name, std::string value);
    std::string_view get(std::string_view name) const;  // first value or empty
    std::vector<std::string> all(std::string_view name) const;
    bool has(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& list() const { return list_; }

private:
    std::vector<std::pair<std::string, std::string>> list_;
};

// Parameters in order; a name may repeat (?command=ls&command=-l).
class Query {
public:
    static Query parse(std::string_view text); // percent-decoded
    std::string text() const;                  // percent-encoded, keys in given order
    void set(std::string_view name, std::string value);
    void add(std::string_view name, std::string value);
    std::string_view get(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
    bool has(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& list() const { return list_; }

private:
    std::vector<std::pair<std::string, std::string>> list_;
};

std::string percentDecode(std::string_view text);
std::string percentEncode(std::string_view text);

struct Request {
    std::string method = "GET";
    std::string path;     // without query, percent-decoded
    Query query;
    Headers headers;
    std::string body;          // bytes; empty when `object` is used
    document::Value object;    // a body that an in-process caller already has as a value (JSON)
    // Set by the server's side of the connection:
    base::Endpoint peer;
    std::vector<pki::CertificatePtr> clientChain; // verified by nobody yet; leaf first
    bool tls = false;
    std::string serverName;
    // For upgrades (exec, attach, port-forward): what the caller offers.
    std::shared_ptr<struct StreamOffer> upgrade;
};

// The streams of a `kubectl exec` or one forwarded port. The caller makes the pipes and keeps the
// other ends; the server connects what the request asked for and closes what it does not use.
struct StreamOffer {
    std::shared_ptr<sim::Pipe> input;   // caller -> program
    std::shared_ptr<sim::Pipe> output;  // program -> caller
    std::shared_ptr<sim::Pipe> error;   // program -> caller
    std::shared_ptr<Terminal> terminal; // with tty=true
    // Set when the program ended: 0.., or a message for errors before it started.
    std::optional<int> exitCode;
    std::string failure;
    sim::Signal finished;
};

struct WatchEvent {
    std::string type; // ADDED MODIFIED DELETED BOOKMARK ERROR
    document::Value object;
    sim::CauseId cause = 0;
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
    document::Value object;                              // a JSON body as a value
    std::shared_ptr<sim::Channel<WatchEvent>> watch;     // a watch: closed by the server at the end
    std::shared_ptr<sim::Pipe> stream;                   // a body that goes on (logs -f)
    bool upgraded = false;                               // the request's StreamOffer is connected
    std::string contentType() const { return std::string(headers.get("Content-Type")); }
};

Response textResponse(int status, std::string body, std::string type = "text/plain; charset=utf-8");

class HttpHandler {
public:
    virtual ~HttpHandler() = default;
    virtual sim::Task<Response> handle(Request request) = 0;
};

} // namespace ports
