#include "controllers/registry.h"

#include "controllers/admissionpolicy/controller.h"
#include "controllers/bootstrap/controller.h"
#include "controllers/certificates/controller.h"
#include "controllers/clusterroleaggregation/controller.h"
#include "controllers/cronjob/controller.h"
#include "controllers/daemonset/controller.h"
#include "controllers/deployment/controller.h"
#include "controllers/disruption/controller.h"
#include "controllers/endpoints/controller.h"
#include "controllers/endpointslice/controller.h"
#include "controllers/garbagecollector/controller.h"
#include "controllers/job/controller.h"
#include "controllers/namespace/controller.h"
#include "controllers/nodeipam/controller.h"
#include "controllers/nodelifecycle/controller.h"
#include "controllers/podautoscaler/controller.h"
#include "controllers/podgc/controller.h"
#include "controllers/replicaset/controller.h"
#include "controllers/resourcequota/controller.h"
#include "controllers/serviceaccount/controller.h"
#include "controllers/servicecidr/controller.h"
#include "controllers/statefulset/controller.h"
#include "controllers/volume/binder.h"

namespace controllers {
namespace {

template <typename T> std::unique_ptr<Controller> make(Context context) {
    return std::make_unique<T>(context);
}
// There, with an account of its own, but nothing in the modelled cluster is its work: volumes of
// drivers that attach, claims for devices, and Secrets with tokens that nobody used for a year.
class WorklessController : public Controller {
public:
    void start(sim::Scope&) override {}
};
std::unique_ptr<Controller> makeWorkless(Context) { return std::make_unique<WorklessController>(); }
std::unique_ptr<Controller> makeReplicaSets(Context context) {
    return ReplicaSetController::forReplicaSets(context);
}
std::unique_ptr<Controller> makeReplicationControllers(Context context) {
    return ReplicaSetController::forReplicationControllers(context);
}

} // namespace

// Source: cmd/kube-controller-manager/names/controller_names.go; the order is the order of
// starting.
const std::vector<RegistryEntry>& registry() {
    static const std::vector<RegistryEntry> entries{
        {"serviceaccount-token-controller", "tokens-controller", true, make<TokensController>, false},
        {"endpoints-controller", "endpoint-controller", true, make<EndpointsController>},
        {"endpointslice-controller", "endpointslice-controller", true,
         make<EndpointSliceController>},
        {"endpointslice-mirroring-controller", "endpointslicemirroring-controller", true,
         make<EndpointSliceMirroringController>},
        {"replicationcontroller-controller", "replication-controller", true,
         makeReplicationControllers},
        {"pod-garbage-collector-controller", "pod-garbage-collector", true, make<PodGcController>},
        {"resourcequota-controller", "resourcequota-controller", true,
         make<ResourceQuotaController>},
        {"namespace-controller", "namespace-controller", true, make<NamespaceController>},
        {"serviceaccount-controller", "service-account-controller", true,
         make<ServiceAccountController>},
        {"garbage-collector-controller", "generic-garbage-collector", true, make<GarbageCollector>},
        {"job-controller", "job-controller", true, make<JobController>},
        {"cronjob-controller", "cronjob-controller", true, make<CronJobController>},
        {"ttl-after-finished-controller", "ttl-after-finished-controller", true,
         make<TtlAfterFinishedController>},
        {"daemonset-controller", "daemon-set-controller", true, make<DaemonSetController>},
        {"deployment-controller", "deployment-controller", true, make<DeploymentController>},
        {"replicaset-controller", "replicaset-controller", true, makeReplicaSets},
        {"horizontal-pod-autoscaler-controller", "horizontal-pod-autoscaler", true,
         make<HorizontalPodAutoscalerController>},
        {"disruption-controller", "disruption-controller", true, make<DisruptionController>},
        {"statefulset-controller", "statefulset-controller", true, make<StatefulSetController>},
        {"certificatesigningrequest-signing-controller", "certificate-controller", true,
         make<CsrSigningController>},
        {"certificatesigningrequest-approving-controller", "certificate-controller", true,
         make<CsrApprovingController>},
        {"certificatesigningrequest-cleaner-controller", "certificate-controller", true,
         make<CsrCleanerController>},
        {"ttl-controller", "ttl-controller", true, make<NodeTtlController>},
        {"bootstrap-signer-controller", "bootstrap-signer", false, make<BootstrapSigner>},
        {"token-cleaner-controller", "token-cleaner", false, make<TokenCleaner>},
        {"node-ipam-controller", "node-controller", true, make<NodeIpamController>},
        {"node-lifecycle-controller", "node-controller", true, make<NodeLifecycleController>},
        {"taint-eviction-controller", "node-controller", true, make<TaintEvictionController>},
        {"persistentvolume-binder-controller", "persistent-volume-binder", true,
         make<PersistentVolumeBinder>},
        {"persistentvolume-attach-detach-controller", "attachdetach-controller", true, makeWorkless},
        {"persistentvolume-expander-controller", "expand-controller", true,
         make<VolumeExpandController>},
        {"persistentvolumeclaim-protection-controller", "pvc-protection-controller", true,
         make<ClaimProtectionController>},
        {"persistentvolume-protection-controller", "pv-protection-controller", true,
         make<VolumeProtectionController>},
        {"ephemeral-volume-controller", "ephemeral-volume-controller", true,
         make<EphemeralVolumeController>},
        {"clusterrole-aggregation-controller", "clusterrole-aggregation-controller", true,
         make<ClusterRoleAggregationController>},
        {"root-ca-certificate-publisher-controller", "root-ca-cert-publisher", true,
         make<RootCaPublisher>},
        {"resourceclaim-controller", "resource-claim-controller", true, makeWorkless},
        {"legacy-serviceaccount-token-cleaner-controller", "legacy-service-account-token-cleaner", true, makeWorkless},
        {"validatingadmissionpolicy-status-controller", "validatingadmissionpolicy-status-controller", true,
         make<AdmissionPolicyStatusController>},
        {"service-cidr-controller", "service-cidrs-controller", true, make<ServiceCidrController>},
        {"volumeattributesclass-protection-controller", "volumeattributesclass-protection-controller", true,
         make<AttributesClassProtectionController>},
    };
    return entries;
}

} // namespace controllers
