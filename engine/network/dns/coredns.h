#pragma once

#include "ports/program.h"

#include <memory>

namespace network::dns {

std::shared_ptr<ports::Program> coreDnsProgram();

} // namespace network::dns
