#include "controllers/support/discovery.h"

#include "document/json.h"

#include <algorithm>
#include <set>

namespace controllers {

using document::Value;

bool ServedResource::can(std::string_view verb) const {
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::string ServedResource::apiVersion() const {
    return resource.group.empty() ? resource.version : resource.group + "/" + resource.version;
}

namespace {

void readGroup(const Value& group, std::vector<ServedResource>& out) {
    std::set<std::string> seen;
    for (const Value& version : group["versions"].items())
        for (const Value& item : version["resources"].items()) {
            ServedResource served;
            served.resource = {group.at("metadata", "name").text(), version["version"].text(),
                               item["resource"].text()};
            served.kind = item.at("responseKind", "kind").text();
            served.namespaced = item["scope"].asString() == "Namespaced";
            served.preferred = seen.insert(served.resource.plural).second;
            for (const Value& verb : item["verbs"].items()) served.verbs.push_back(verb.text());
            out.push_back(std::move(served));
        }
}

} // namespace

sim::Task<base::Result<std::vector<ServedResource>>> discover(client::Client& client) {
    std::vector<ServedResource> out;
    for (const char* path : {"/api", "/apis"}) {
        ports::Request request;
        request.path = path;
        request.headers.set("Accept",
                            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        auto answer = co_await client.raw(std::move(request));
        if (!answer.ok()) co_return answer.error();
        if (answer->status != 200) co_return client::errorFromResponse(*answer);
        Value list = answer->object;
        if (list.isNull()) {
            auto parsed = document::readJson(answer->body);
            if (!parsed.ok()) co_return parsed.error();
            list = *parsed;
        }
        for (const Value& group : list["items"].items()) readGroup(group, out);
    }
    co_return out;
}

} // namespace controllers
