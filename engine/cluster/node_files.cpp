#include "cluster/node_files.h"

#include "base/assets.h"
#include "base/ip.h"
#include "base/strings.h"
#include "network/cni/cni.h"
#include "ports/program.h"
#include "runtime/simulated/image_catalogue.h"

namespace cluster {

machine::InodePtr makeNodeBase(const Registry& registry, std::int64_t time) {
    std::vector<machine::BaseFile> files;
    const auto layer = runtime::parseLayer(base::asset("filesystems/node.layer"), "filesystems/node.layer");
    BASE_ASSERT(layer.ok());
    for (const auto& file : *layer)
        files.push_back({file.path, file.type, file.mode, file.uid, file.gid, file.content});
    for (const auto& [path, program] : registry.installed())
        files.push_back({path, ports::FileType::Regular, 0755, 0, 0, ports::programFile(program)});
    return machine::makeBase(files, time);
}

const NodeBlueprint& firstControlPlane(const Blueprint& blueprint) {
    for (const auto& node : blueprint.nodes)
        if (node.controlPlane) return node;
    return blueprint.nodes.front();
}

std::string serviceAddress(const Blueprint& blueprint, std::uint64_t offset) {
    return base::IpPrefix::parse(blueprint.serviceSubnet)->network().next(offset).text();
}

std::string fillTemplate(std::string_view text, const Blueprint& blueprint, const NodeBlueprint* node) {
    const NodeBlueprint& own = node != nullptr ? *node : firstControlPlane(blueprint);
    std::string out(text);
    out = base::replaceAll(out, "{{address}}", own.address);
    out = base::replaceAll(out, "{{node}}", own.name);
    out = base::replaceAll(out, "{{endpoint}}", firstControlPlane(blueprint).address);
    out = base::replaceAll(out, "{{version}}", blueprint.kubernetesVersion);
    out = base::replaceAll(out, "{{podSubnet}}", blueprint.podSubnet);
    out = base::replaceAll(out, "{{serviceSubnet}}", blueprint.serviceSubnet);
    out = base::replaceAll(out, "{{dnsDomain}}", blueprint.dnsDomain);
    return base::replaceAll(out, "{{dnsAddress}}", serviceAddress(blueprint, 10));
}

void writeAddonExamples(ports::FileSystem& files) {
    const std::string folder = "/usr/share/doc/metrics-server/examples";
    (void)files.makeDirectories(folder, 0755);
    (void)files.write(folder + "/components.yaml", std::string(base::asset("cluster/addons/metrics-server.yaml")), 0644);
}

void writeNodeFiles(ports::FileSystem& files, const Blueprint& blueprint, const NodeBlueprint& node) {
    std::string hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
    for (const auto& other : blueprint.nodes) hosts += other.address + " " + other.name + "\n";
    (void)files.write("/etc/hosts", hosts, 0644);
    // Root's shell as on an exam host: a prompt with the host's name, kubectl's short form.
    (void)files.write("/root/.bashrc", "PS1='\\u@\\h:\\w\\$ '\nalias k=kubectl\nalias ll='ls -l'\n", 0644);
    (void)files.write("/root/.profile", "if [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n", 0644);
    const auto gateway = base::IpPrefix::parse(node.address + "/24")->network().next(1).text();
    const std::string& nameserver = blueprint.nameserver.empty() ? gateway : blueprint.nameserver;
    (void)files.write("/etc/resolv.conf", "nameserver " + nameserver + "\n", 0644);
    if (blueprint.cni == "bridge") {
        (void)files.makeDirectories("/etc/cni/net.d", 0755);
        (void)files.write("/etc/cni/net.d/10-bridge.conflist",
                          network::cni::bridgeConflist(node.podCIDR, blueprint.podSubnet), 0644);
    }
}

} // namespace cluster
