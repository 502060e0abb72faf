#pragma once
// The files that a node has before Kubernetes is installed: a shared, frozen base tree.

#include "cluster/blueprint.h"
#include "cluster/registry.h"
#include "machine/files/inode.h"

namespace cluster {

machine::InodePtr makeNodeBase(const Registry& registry, std::int64_t time);
// Per machine: host names, name servers, CNI configuration.
void writeNodeFiles(ports::FileSystem& files, const Blueprint& blueprint, const NodeBlueprint& node);
// Manifests of add-ons for whoever wants to install them by hand.
void writeAddonExamples(ports::FileSystem& files);
// `{{key}}` replaced by the blueprint's values; `node` may be null.
std::string fillTemplate(std::string_view text, const Blueprint& blueprint, const NodeBlueprint* node);
// The address of the first control plane machine.
const NodeBlueprint& firstControlPlane(const Blueprint& blueprint);
std::string serviceAddress(const Blueprint& blueprint, std::uint64_t offset);

} // namespace cluster
