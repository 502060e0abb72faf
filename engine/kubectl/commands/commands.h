#pragma once
// The verbs. Each runs to the end and returns the exit code, or the error to print.

#include "kubectl/core/session.h"

namespace kubectl {

sim::Task<Outcome> runAnnotate(Session& session);
sim::Task<Outcome> runApiResources(Session& session);
sim::Task<Outcome> runApiVersions(Session& session);
sim::Task<Outcome> runApply(Session& session);
sim::Task<Outcome> runApplyEditLast(Session& session);
sim::Task<Outcome> runApplySetLast(Session& session);
sim::Task<Outcome> runApplyViewLast(Session& session);
sim::Task<Outcome> runAttach(Session& session);
sim::Task<Outcome> runCanI(Session& session);
sim::Task<Outcome> runReconcile(Session& session);
sim::Task<Outcome> runWhoAmI(Session& session);
sim::Task<Outcome> runAutoscale(Session& session);
sim::Task<Outcome> runCertificate(Session& session);
sim::Task<Outcome> runClusterInfo(Session& session);
sim::Task<Outcome> runClusterInfoDump(Session& session);
sim::Task<Outcome> runCompletion(Session& session);
sim::Task<Outcome> runConfig(Session& session);
sim::Task<Outcome> runCordon(Session& session);
sim::Task<Outcome> runCp(Session& session);
sim::Task<Outcome> runCreate(Session& session);
sim::Task<Outcome> runCreateKind(Session& session); // the generators
sim::Task<Outcome> runCreateToken(Session& session);
sim::Task<Outcome> runDebug(Session& session);
sim::Task<Outcome> runDelete(Session& session);
sim::Task<Outcome> runDescribe(Session& session);
sim::Task<Outcome> runDiff(Session& session);
sim::Task<Outcome> runDrain(Session& session);
sim::Task<Outcome> runEdit(Session& session);
sim::Task<Outcome> runEvents(Session& session);
sim::Task<Outcome> runExec(Session& session);
sim::Task<Outcome> runExplain(Session& session);
sim::Task<Outcome> runExpose(Session& session);
sim::Task<Outcome> runGet(Session& session);
sim::Task<Outcome> runKubercSet(Session& session);
sim::Task<Outcome> runKubercView(Session& session);
sim::Task<Outcome> runKustomize(Session& session);
sim::Task<Outcome> runLabel(Session& session);
sim::Task<Outcome> runLogs(Session& session);
sim::Task<Outcome> runOptions(Session& session);
sim::Task<Outcome> runPatch(Session& session);
sim::Task<Outcome> runPluginList(Session& session);
sim::Task<Outcome> runPortForward(Session& session);
sim::Task<Outcome> runProxy(Session& session);
sim::Task<Outcome> runReplace(Session& session);
sim::Task<Outcome> runRolloutHistory(Session& session);
sim::Task<Outcome> runRolloutPatch(Session& session); // pause, resume, restart
sim::Task<Outcome> runRolloutStatus(Session& session);
sim::Task<Outcome> runRolloutUndo(Session& session);
sim::Task<Outcome> runRun(Session& session);
sim::Task<Outcome> runScale(Session& session);
sim::Task<Outcome> runSetEnv(Session& session);
sim::Task<Outcome> runSetImage(Session& session);
sim::Task<Outcome> runSetResources(Session& session);
sim::Task<Outcome> runSetSelector(Session& session);
sim::Task<Outcome> runSetServiceAccount(Session& session);
sim::Task<Outcome> runSetSubject(Session& session);
sim::Task<Outcome> runTaint(Session& session);
sim::Task<Outcome> runTop(Session& session);
sim::Task<Outcome> runVersion(Session& session);
sim::Task<Outcome> runWait(Session& session);

// Prints the help of the session's command.
std::string helpText(const CommandSpec& command);
// What "kubectl help" says of words that name no command.
struct UnknownTopic {
    std::string error, text;
};
UnknownTopic unknownTopic(const std::vector<std::string>& words);

} // namespace kubectl
