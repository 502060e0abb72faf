#pragma once
// The archiver of images and hosts; `kubectl cp` relies on it.

#include "ports/program.h"

#include <memory>

namespace runtime {
std::shared_ptr<ports::Program> tarProgram();
} // namespace runtime
