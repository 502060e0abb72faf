#include "cluster/blueprint.h"

#include "base/assets.h"
#include "base/ip.h"
#include "document/yaml.h"

namespace cluster {
namespace {

base::Error at(std::string_view source, const document::YamlDocument& text, std::string_view pointer,
               std::string_view message) {
    const auto place = text.positionOf(pointer);
    return base::makeError(std::string(source) + ":" + std::to_string(place.line) + ":" +
                           std::to_string(place.column) + ": " + std::string(message));
}

} // namespace

bool hasAddon(const Blueprint& blueprint, std::string_view name) {
    for (const auto& item : blueprint.extra["addons"].items())
        if (item.asString() == name) return true;
    return false;
}

base::Result<Blueprint> readBlueprint(std::string_view yaml, std::string_view source) {
    BASE_TRY(const auto documents, document::readYamlStream(yaml, source));
    if (documents.size() != 1 || !documents.front().value.isObject())
        return base::makeError(std::string(source) + ": a blueprint is one YAML mapping");
    const auto& text = documents.front();
    const document::Value& data = text.value;
    Blueprint blueprint;
    const auto take = [&](const char* key, std::string& into) {
        if (data[key].isString()) into = data[key].text();
    };
    take("name", blueprint.name);
    take("kubernetesVersion", blueprint.kubernetesVersion);
    take("podSubnet", blueprint.podSubnet);
    take("serviceSubnet", blueprint.serviceSubnet);
    take("dnsDomain", blueprint.dnsDomain);
    take("cni", blueprint.cni);
    take("nameserver", blueprint.nameserver);
    if (!blueprint.nameserver.empty() && !base::IpAddress::parse(blueprint.nameserver))
        return at(source, text, "/nameserver", "nameserver is not an address");
    for (const char* key : {"podSubnet", "serviceSubnet"})
        if (!base::IpPrefix::parse(data[key].isString() ? data[key].asString() : "10.0.0.0/8"))
            return at(source, text, std::string("/") + key, std::string(key) + " is not an address range");
    bool controlPlane = false;
    std::size_t index = 0;
    for (const auto& item : data["nodes"].items()) {
        const std::string pointer = "/nodes/" + std::to_string(index++);
        NodeBlueprint node;
        node.name = item["name"].text();
        node.address = item["address"].text();
        node.podCIDR = item["podCIDR"].text();
        node.controlPlane = item["controlPlane"].asBool();
        node.cpus = item["cpus"].asInt(node.cpus);
        if (item["memory"].isString()) node.memory = item["memory"].text();
        if (node.name.empty()) return at(source, text, pointer, "a node needs a name");
        if (!base::IpAddress::parse(node.address))
            return at(source, text, pointer, "node " + node.name + " needs an address");
        for (const auto& other : blueprint.nodes)
            if (other.name == node.name || other.address == node.address)
                return at(source, text, pointer, "node " + node.name + ": name or address is taken");
        controlPlane = controlPlane || node.controlPlane;
        blueprint.nodes.push_back(std::move(node));
    }
    if (!controlPlane)
        return at(source, text, "/nodes", "a cluster needs a node with controlPlane: true");
    for (const auto& image : data["images"].items()) blueprint.images.push_back(image.text());
    for (std::size_t i = 0; i < data["addons"].size(); ++i)
        if (data["addons"][i].asString() != "metrics-server")
            return at(source, text, "/addons/" + std::to_string(i), "no add-on is called " + data["addons"][i].text());
    blueprint.extra = data;
    return blueprint;
}

base::Result<Blueprint> builtinBlueprint(std::string_view name) {
    const std::string path = "blueprints/" + std::string(name) + ".yaml";
    if (!base::hasAsset(path)) return base::makeError("no blueprint is called " + std::string(name));
    return readBlueprint(base::asset(path), path);
}

} // namespace cluster
