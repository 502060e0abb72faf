#include "kubectl/commands/editing.h"
namespace kubectl {
sim::Task<Outcome> editBeforeCreate(Session& session) { co_return base::makeError("this lab does not model --edit of '" + session.command().fullPath() + "'"); }
}
