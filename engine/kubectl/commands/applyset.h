#pragma once
// Sets of applied objects that a parent object keeps track of (apply --prune --applyset).
// Source: the ApplySet specification (KEP 3659), k8s.io/kubectl pkg/cmd/apply/applyset.go.

#include "kubectl/commands/pruning.h"
#include "kubectl/printers/printer.h"

namespace kubectl {

class ApplySet {
public:
    explicit ApplySet(Session& session) : s_(session) {}

    // Reads --applyset: [RESOURCE][.GROUP]/NAME, a secret without a resource.
    sim::Task<base::Status> parse();
    // Whether the parent may be one.
    sim::Task<base::Status> validate();
    // Marks what is applied as members.
    base::Status label(std::vector<Info>& infos) const;
    // Makes the parent cover the members of before and of now, so that nothing is lost on the way.
    sim::Task<base::Status> begin(std::vector<Info> infos, DryRun mode, std::string validation);
    // Members that were not applied this time.
    sim::Task<base::Result<std::vector<Prunable>>> leftovers(std::set<std::string> uids);
    sim::Task<base::Status> finish();

private:
    std::string id() const;
    std::string parentText() const;
    sim::Task<base::Status> readParent();
    base::Status readParent(const Mapper& mapper, const document::Value& parent);
    base::Status readKinds(const Mapper& mapper, const document::Value& annotations);
    sim::Task<base::Status> writeParent(std::set<std::string> kinds, std::set<std::string> namespaces);

    Session& s_;
    Mapping parent_;
    std::string name_, ns_, validation_;
    DryRun mode_ = DryRun::None;
    std::set<std::string> namespacesBefore_, namespaces_;
    std::set<std::string> kindsBefore_, kinds_;  // "Deployment.apps"
    std::vector<Mapping> prunable_;
};

} // namespace kubectl
