#pragma once
// What the generators of `kubectl create` share. Source: k8s.io/kubectl pkg/cmd/create.

#include "kubectl/commands/commands.h"
#include "kubectl/printers/printer.h"

#include <string>
#include <vector>

namespace kubectl {

// The one NAME argument.
base::Result<std::string> nameArgument(Session& session);

struct Generated {
    document::Value object;
    std::string failure; // "failed to create deployment: "; empty: the server's error as it is
};
// Checks of --dry-run, -o and --validate, before the generator looks at its own flags.
base::Status checkCommonFlags(Session& session);
// Sends the object (or not, with --dry-run=client) and prints it.
sim::Task<Outcome> finishCreate(Session& session, Generated generated, std::string operation = "created");

document::Value makeObject(std::string_view apiVersion, std::string_view kind, std::string_view name);
// An integer or a string, as intstr.Parse.
document::Value intOrString(std::string_view text);
// The annotation of kubectl apply.
inline constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
document::Value withLastApplied(const document::Value& object, bool typed);
// For manifests: written when `asked`, and when it is there already.
document::Value refreshedLastApplied(const document::Value& object, bool asked);

// "key=value" pairs, files, directories and env files of config maps and secrets.
struct DataEntry {
    std::string key, bytes;
};
base::Result<std::vector<DataEntry>> dataSources(Session& session, bool secret, const std::string& owner);
bool isUtf8(std::string_view bytes);
std::string keyProblem(std::string_view key); // of a ConfigMap key; empty when valid
std::string contentHash(std::string_view json); // of --append-hash

base::Result<document::Value> generateDeployment(Session& session, std::string name);
base::Result<document::Value> generateCronJob(Session& session, std::string name);
sim::Task<base::Result<document::Value>> generateJob(Session& session, std::string name);
base::Result<document::Value> generateConfigMap(Session& session, std::string name);
base::Result<document::Value> generateSecret(Session& session, std::string name);
base::Result<document::Value> generateDockerSecret(Session& session, std::string name);
base::Result<document::Value> generateTlsSecret(Session& session, std::string name);
base::Result<document::Value> generateService(Session& session, std::string name);
sim::Task<base::Result<document::Value>> generateRole(Session& session, std::string name);
base::Result<document::Value> generateBinding(Session& session, std::string name);
base::Result<document::Value> generateIngress(Session& session, std::string name);
base::Result<document::Value> generateQuota(Session& session, std::string name);
base::Result<document::Value> generateBudget(Session& session, std::string name);
base::Result<document::Value> generatePriorityClass(Session& session, std::string name);

} // namespace kubectl
