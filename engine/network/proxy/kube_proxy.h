#pragma once

#include "ports/program.h"

#include <memory>

namespace network::proxy {

std::shared_ptr<ports::Program> kubeProxyProgram();

} // namespace network::proxy
