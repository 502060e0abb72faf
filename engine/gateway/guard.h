#pragma once
// What is refused before the API server hears of it. A loopback port is reachable from every web page
// by DNS rebinding; browsers then send the page's Host or Origin.

#include "gateway/protocol.h"

#include <optional>

namespace gateway {

// A Status as an answer.
ports::Response refusal(int code, std::string_view reason, std::string_view message);
// Go's plain answers to malformed HTTP: "400 Bad Request: ...".
ports::Response malformed(int code, std::string_view why = {});
const char* reasonPhrase(int code);

std::string httpDate(std::int64_t unixNanoseconds); // RFC 9110 section 5.6.7

// Fills path and query of an origin-form target ("/api/v1?watch=true").
bool readTarget(std::string_view target, ports::Request& request);

// An answer when the request is not for this endpoint or comes from a web page. `host` is the Host
// header or the :authority.
std::optional<ports::Response> guard(const ports::Request& request, std::string_view host, std::uint16_t port);

// Requests that go on: watches, logs, proxies and upgrades. The others are bounded in time.
bool isLongRunning(const ports::Request& request);

} // namespace gateway
