#pragma once
// What the fuzz targets of the API server do with one input; test_apiserver runs the same over the corpus.

#include "apiserver/api_server.h"
#include "apiserver/cel/cel.h"
#include "fuzz/inputs.h"
#include "store/store.h"

#include <memory>
#include <string>

namespace fuzz {

// The first line is an expression, the rest (when there is any) the object it is about.
inline void cel(std::string_view input) {
    const Templated given = templated(input, 4096);
    const auto program = apiserver::cel::Program::compile(given.text, {"self", "oldSelf", "object", "request"});
    if (!program.ok()) {
        require(!program.error().message.empty());
        return;
    }
    (void)program->resultType();
    (void)program->uses("object");
    const apiserver::cel::Variables variables{
        {"self", given.data}, {"oldSelf", given.data}, {"object", given.data}, {"request", document::Value()}};
    const auto first = program->evaluate(variables), second = program->evaluate(variables);
    require(first.ok() == second.ok() && (!first.ok() || *first == *second));
}

// An API server with a few objects. It is made once: a request must not change anything.
struct QuietServer {
    struct Etcd : store::EtcdAccess {
        explicit Etcd(store::Store& s) : store(s) {}
        base::Result<store::Store*> reach() override { return &store; }
        store::Store& store;
    };
    QuietServer() : store(kernel), server(kernel, std::make_shared<Etcd>(store), {}) {
        user.name = "admin";
        user.groups = {"system:masters", "system:authenticated"};
        write("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"default"}})");
        write("/api/v1/namespaces/default/configmaps", R"({"metadata":{"name":"a"},"data":{"k":"v"}})");
        write("/api/v1/namespaces/default/pods",
              R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"nginx"}]}})");
        write("/apis/apps/v1/namespaces/default/deployments",
              R"({"metadata":{"name":"a"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":)"
              R"({"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}}})");
    }
    void write(const std::string& path, const std::string& body) {
        ports::Request request;
        request.method = "POST";
        request.path = path;
        request.headers.set("Content-Type", "application/json");
        request.body = body;
        require(server.serveAs(user, std::move(request)).status == 201);
    }
    sim::Kernel kernel{1};
    store::Store store;
    apiserver::ApiServer server;
    apiserver::UserInfo user;
};

// The first line is "METHOD /path?query", the second the content type, the rest the body. Whatever it
// is, a dry run is answered with a known code and leaves the store as it was.
inline void request(std::string_view input) {
    static QuietServer quiet;
    const std::size_t line = input.find('\n');
    if (line == std::string_view::npos) return;
    const std::string_view first = input.substr(0, line), rest = input.substr(line + 1);
    const std::size_t second = rest.find('\n'), space = first.find(' '), mark = first.find('?');
    if (second == std::string_view::npos || space == std::string_view::npos) return;
    ports::Request request;
    request.method = first.substr(0, space);
    request.path = ports::percentDecode(first.substr(space + 1, mark == std::string_view::npos ? mark : mark - space - 1));
    if (request.path.empty() || request.path[0] != '/' || (mark != std::string_view::npos && mark < space)) return;
    if (mark != std::string_view::npos) request.query = ports::Query::parse(first.substr(mark + 1));
    request.query.set("dryRun", "All");
    request.headers.set("Content-Type", std::string(rest.substr(0, second)));
    request.body = rest.substr(second + 1);
    const auto revision = quiet.store.revision();
    const ports::Response response = quiet.server.serveAs(quiet.user, std::move(request));
    require(response.status >= 100 && response.status < 600);
    require(quiet.store.revision() == revision);
    quiet.kernel.runUntilIdle(10'000);
}

} // namespace fuzz
