#pragma once
// What the describers share. Source: k8s.io/kubectl pkg/describe/describe.go.

#include "document/value.h"
#include "kubectl/core/builder.h"

#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

// Collects text with tab-terminated cells, two blanks per level.
class DescribeWriter {
public:
    explicit DescribeWriter(std::int64_t now) : now_(now) {}
    DescribeWriter& write(int level, std::string_view text);
    void line(int level, std::string_view text) { write(level, text).text_ += "\n"; }
    // "Name:\tvalue"
    void field(int level, std::string_view name, std::string_view value);
    void flush(); // what comes is aligned on its own
    void nest(int levels) { nest_ += levels; } // every piece written from now on begins deeper
    std::string finish();
    std::string unaligned() { return std::move(text_); } // with its tabs, for commands that align nothing
    std::int64_t now() const { return now_; } // Unix ns

private:
    std::int64_t now_;
    int nest_ = 0;
    std::string text_, done_;
};

std::string textOf(const document::Value& value); // scalars as Go prints them
std::string orDefault(std::string text, std::string_view fallback);
std::string boolText(const document::Value& value, std::string_view unset = "<unset>"); // True, False
std::string longTime(const document::Value& time); // "Mon, 02 Mar 2026 09:00:00 +0000"
std::string ageOf(const DescribeWriter& w, const document::Value& time); // "5m3s", "<unknown>"
std::string joined(const document::Value& list, std::string_view separator);
std::string goList(const document::Value& list); // "[a b]"
std::string selectorText(const document::Value& labelSelector); // metav1.FormatLabelSelector
std::string selectorString(const document::Value& labelSelector); // labels.Selector.String()

void printLabels(DescribeWriter& w, std::string_view title, const document::Value& labels, std::string_view indent = {});
void printAnnotations(DescribeWriter& w, std::string_view title, const document::Value& annotations);
void printTolerations(DescribeWriter& w, std::string_view title, const document::Value& tolerations);
std::string controllerOf(const document::Value& object); // "ReplicaSet/web-1" or empty
std::vector<std::string> sortedKeys(const document::Value& object);
std::string pairsText(const document::Value& map); // "a=b,c=d" or "<none>"

void describePodTemplate(DescribeWriter& w, const document::Value& podTemplate);
void describeVolumes(DescribeWriter& w, const document::Value& volumes, std::string_view space);
void describeContainers(DescribeWriter& w, std::string_view label, const document::Value& containers,
                        const document::Value& statuses, const document::Value& pod, std::string_view space);
// The source of a pod's volume or of a PersistentVolume's spec.
void describeVolumeSource(DescribeWriter& w, const document::Value& volume, bool persistent);
// A claim, or a template of one, which has no name and no status.
void describeClaim(DescribeWriter& w, const document::Value& claim, bool whole);
std::string claimClass(const document::Value& object); // a claim's or a volume's storage class
void describeResources(DescribeWriter& w, const document::Value& resources, int level);

// RBAC rules split, merged and sorted: resource, URLs, names, verbs, with tabs between.
std::vector<std::string> ruleRows(const document::Value& rules);

// The sum over containers as the client counts it; canonical quantities.
struct PodTotals {
    document::Value requests, limits;
};
PodTotals podTotals(const document::Value& pod);

// One describer: gets what it needs besides the object and writes.
struct DescribeContext {
    Session& session;
    DescribeWriter& w;
    const document::Value& object;
    std::string ns, name;
    document::Value events;      // null when not shown
    base::Error eventsError{};   // why there are none
    std::int64_t chunk = 500;
    bool wantEvents = false;
};
using Describer = sim::Task<base::Status> (*)(DescribeContext& context);
Describer describerFor(std::string_view group, std::string_view kind);
void describeEvents(DescribeContext& context);
// Asks for the events of the object when they are wanted. Describers that list other things first do this
// themselves, so that requests go out in the order of the real client.
sim::Task<void> loadEvents(DescribeContext& context);
struct EventSearch {
    std::string uid;
    bool withKind = true;
    std::int64_t chunk = 500;
};
sim::Task<base::Result<document::Value>> searchEvents(Session& session, document::Value object, EventSearch search);
// In pages of that size; 0 means all at once.
sim::Task<base::Result<std::vector<document::Value>>> listAll(Session& session, std::string path, ports::Query query,
                                                              std::int64_t chunk = 500);

sim::Task<base::Status> describePod(DescribeContext& c);
sim::Task<base::Status> describeDeployment(DescribeContext& c);
sim::Task<base::Status> describeReplicaSet(DescribeContext& c);
sim::Task<base::Status> describeReplicationController(DescribeContext& c);
sim::Task<base::Status> describeDaemonSet(DescribeContext& c);
sim::Task<base::Status> describeStatefulSet(DescribeContext& c);
sim::Task<base::Status> describeJob(DescribeContext& c);
sim::Task<base::Status> describeCronJob(DescribeContext& c);
sim::Task<base::Status> describeAutoscaler(DescribeContext& c);
sim::Task<base::Status> describeService(DescribeContext& c);
sim::Task<base::Status> describeEndpoints(DescribeContext& c);
sim::Task<base::Status> describeEndpointSlice(DescribeContext& c);
sim::Task<base::Status> describeIngress(DescribeContext& c);
sim::Task<base::Status> describeIngressClass(DescribeContext& c);
sim::Task<base::Status> describeNetworkPolicy(DescribeContext& c);
sim::Task<base::Status> describeServiceCidr(DescribeContext& c);
sim::Task<base::Status> describeIpAddress(DescribeContext& c);
sim::Task<base::Status> describePersistentVolume(DescribeContext& c);
sim::Task<base::Status> describePersistentVolumeClaim(DescribeContext& c);
sim::Task<base::Status> describeStorageClass(DescribeContext& c);
sim::Task<base::Status> describeVolumeAttributesClass(DescribeContext& c);
sim::Task<base::Status> describeCsiNode(DescribeContext& c);
sim::Task<base::Status> describeConfigMap(DescribeContext& c);
sim::Task<base::Status> describeSecret(DescribeContext& c);
sim::Task<base::Status> describeServiceAccount(DescribeContext& c);
sim::Task<base::Status> describeNamespace(DescribeContext& c);
sim::Task<base::Status> describeNode(DescribeContext& c);
sim::Task<base::Status> describeQuota(DescribeContext& c);
sim::Task<base::Status> describeLimitRange(DescribeContext& c);
sim::Task<base::Status> describeRole(DescribeContext& c);
sim::Task<base::Status> describeBinding(DescribeContext& c);
sim::Task<base::Status> describeRequest(DescribeContext& c);
sim::Task<base::Status> describeBudget(DescribeContext& c);
sim::Task<base::Status> describePriorityClass(DescribeContext& c);

} // namespace kubectl
