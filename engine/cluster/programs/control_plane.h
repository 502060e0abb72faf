#pragma once
// The programs of the control plane's images, for the registry.

#include "cluster/programs/etcd.h"
#include "ports/program.h"

#include <memory>

namespace cluster {

std::shared_ptr<ports::Program> apiServerProgram(EtcdWorld& world);
std::shared_ptr<ports::Program> controllerManagerProgram();
std::shared_ptr<ports::Program> schedulerProgram();
std::shared_ptr<ports::Program> metricsServerProgram();
std::shared_ptr<ports::Program> etcdutlProgram(EtcdWorld& world);

} // namespace cluster
