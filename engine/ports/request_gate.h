#pragma once
// Stands between connections, which may outlive a program, and the server inside it. Requests run in
// the server's scope and end with it; whoever waits then gets an empty 503.

#include "base/function.h"
#include "ports/http.h"

#include <memory>
#include <vector>

namespace ports {

class RequestGate final : public HttpHandler {
public:
    using Answer = base::Function<sim::Task<Response>(Request)>;
    // `scope` and what `answer` uses live until `close`.
    RequestGate(sim::Scope& scope, Answer answer) : scope_(&scope), answer_(std::move(answer)) {}
    sim::Task<Response> handle(Request request) override;
    void close();

private:
    struct Pending;
    static sim::Task<void> run(RequestGate* self, Request request, std::shared_ptr<Pending> pending);

    sim::Scope* scope_; // null: closed
    Answer answer_;
    std::vector<std::weak_ptr<Pending>> waiting_;
};

} // namespace ports
