#pragma once
// Editing objects in $EDITOR. Source: k8s.io/kubectl pkg/cmd/util/editor.

#include "kubectl/commands/commands.h"

namespace kubectl {

sim::Task<Outcome> editBeforeCreate(Session& session);
// Runs the editor of the environment on a text; returns the text it left.
sim::Task<base::Result<std::string>> launchEditor(Session& session, std::string text, std::string prefix,
                                                  std::string& path);

} // namespace kubectl
