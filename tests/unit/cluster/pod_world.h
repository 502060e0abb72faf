#pragma once
// A booted cluster whose pods a test looks at through the API.

#include <catch2/catch.hpp>

#include "api/objects/meta.h"
#include "base/strings.h"
#include "cluster/facade.h"
#include "document/yaml.h"
#include "pki/certificate.h"

namespace test {

using cluster::Cluster;
using document::Value;

struct PodWorld {
    std::unique_ptr<Cluster> cluster;
    std::vector<pki::CertificatePtr> admin;

    PodWorld() {
        auto made = Cluster::create(*cluster::builtinBlueprint("bench"), 3);
        REQUIRE(made.ok());
        cluster = std::move(*made);
        REQUIRE(cluster->boot().ok());
        const Value config = *document::readYaml(cluster->adminKubeconfig());
        const std::string pem = *base::decodeBase64(config["users"][0]["user"]["client-certificate-data"].asString());
        admin = *pki::readCertificatesPem(pem);
    }
    static sim::Task<void> call(Cluster& cluster, ports::Request request, std::shared_ptr<std::optional<ports::Response>> out) {
        out->emplace(co_await cluster.serve(std::move(request)));
    }
    ports::Response request(std::string method, std::string path, Value body = Value()) {
        ports::Request request;
        request.method = std::move(method);
        request.path = std::move(path);
        request.object = body;
        request.headers.set("Accept", "application/json");
        if (!body.isNull()) request.headers.set("Content-Type", "application/json");
        request.tls = true;
        request.clientChain = admin;
        auto out = std::make_shared<std::optional<ports::Response>>();
        sim::Scope scope(cluster->kernel());
        scope.spawn(call(*cluster, std::move(request), out));
        cluster->kernel().runWhile([&] { return !out->has_value(); }, cluster->kernel().now() + sim::kMinute);
        REQUIRE(out->has_value());
        return std::move(**out);
    }
    void create(const char* yaml) {
        const auto response = request("POST", "/api/v1/namespaces/default/pods", *document::readYaml(yaml));
        INFO(response.object["message"].text());
        REQUIRE(response.status == 201);
    }
    void wait(sim::Duration time) { cluster->kernel().runUntil(cluster->kernel().now() + time); }
    Value status(const char* pod) const { return cluster->object("", "pods", "default", pod)["status"]; }
    Value container(const char* pod) const { return status(pod)["containerStatuses"][0]; }
    std::string waiting(const char* pod) const { return container(pod).at("state", "waiting", "reason").text(); }
    std::size_t events(const char* pod, const char* reason) const {
        std::size_t count = 0;
        for (const Value& event : cluster->objects("", "events", "default"))
            if (event.at("involvedObject", "name").asString() == pod && event["reason"].asString() == reason)
                count += static_cast<std::size_t>(event["count"].asInt());
        return count;
    }
};

} // namespace test
