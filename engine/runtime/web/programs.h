#pragma once
// The web servers that images of the catalogue run.

#include "ports/program.h"

#include <memory>

namespace runtime::web {

std::shared_ptr<ports::Program> nginxProgram();
std::shared_ptr<ports::Program> httpdProgram(); // BusyBox httpd
std::shared_ptr<ports::Program> hpaExampleProgram();

} // namespace runtime::web
