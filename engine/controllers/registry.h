#pragma once
// The controllers by the names that --controllers takes.

#include "controllers/support/controller.h"

#include <memory>
#include <vector>

namespace controllers {

struct RegistryEntry {
    const char* name;
    const char* account; // service account in kube-system
    bool byDefault;
    std::unique_ptr<Controller> (*make)(Context context);
    bool ownAccount = true; // else it speaks as the controller manager itself, always
};

const std::vector<RegistryEntry>& registry();

} // namespace controllers
