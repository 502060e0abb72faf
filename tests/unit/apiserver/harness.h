#pragma once
// An API server over its own store, called directly.

#include "apiserver/api_server.h"
#include "base/strings.h"
#include "document/json.h"
#include "sim/kernel.h"
#include "store/store.h"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

namespace testing {

using document::Value;

struct DirectEtcd : store::EtcdAccess {
    explicit DirectEtcd(store::Store& s) : store(s) {}
    base::Result<store::Store*> reach() override {
        if (!up) return base::makeError("rpc error: code = Unavailable desc = connection refused");
        return &store;
    }
    store::Store& store;
    bool up = true;
};

struct Server {
    explicit Server(apiserver::Config config = {}) : store(kernel) {
        etcd = std::make_shared<DirectEtcd>(store);
        server = std::make_unique<apiserver::ApiServer>(kernel, etcd, std::move(config));
        admin.name = "kubernetes-admin";
        admin.groups = {"system:masters", "system:authenticated"};
    }
    ports::Response call(const std::string& method, const std::string& target, const Value& body = {},
                         const std::string& type = "application/json") {
        return callAs(admin, method, target, body, type);
    }
    ports::Response callAs(const apiserver::UserInfo& user, const std::string& method,
                           const std::string& target, const Value& body = {},
                           const std::string& type = "application/json") {
        ports::Request request;
        request.method = method;
        const auto mark = target.find('?');
        request.path = target.substr(0, mark);
        if (mark != std::string::npos) request.query = ports::Query::parse(target.substr(mark + 1));
        if (!body.isNull()) request.headers.set("Content-Type", type);
        request.object = body;
        return server->serveAs(user, std::move(request));
    }
    static Value json(const std::string& text) {
        auto value = document::readJson(text);
        if (!value.ok()) FAIL(value.error().message + ": " + text);
        return value.value();
    }
    // A namespace with the service account that pods need.
    void makeNamespace(const std::string& name) {
        call("POST", "/api/v1/namespaces", json("{\"metadata\":{\"name\":\"" + name + "\"}}"));
        call("POST", "/api/v1/namespaces/" + name + "/serviceaccounts", json(R"({"metadata":{"name":"default"}})"));
    }

    sim::Kernel kernel{7};
    store::Store store;
    std::shared_ptr<DirectEtcd> etcd;
    std::unique_ptr<apiserver::ApiServer> server;
    apiserver::UserInfo admin;
};

inline Value podNamed(const std::string& name) {
    return Server::json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
                        R"("},"spec":{"containers":[{"name":"c","image":"nginx"}]}})");
}

} // namespace testing
