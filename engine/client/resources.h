#pragma once
// The resources that more than one component names.

#include "client/client.h"

namespace client {

inline Resource coreResource(const char* plural) { return {"", "v1", plural}; }
inline Resource podsResource() { return coreResource("pods"); }
inline Resource nodesResource() { return coreResource("nodes"); }
inline Resource namespacesResource() { return coreResource("namespaces"); }
inline Resource servicesResource() { return coreResource("services"); }
inline Resource endpointsResource() { return coreResource("endpoints"); }
inline Resource secretsResource() { return coreResource("secrets"); }
inline Resource configMapsResource() { return coreResource("configmaps"); }
inline Resource serviceAccountsResource() { return coreResource("serviceaccounts"); }
inline Resource eventsResource() { return coreResource("events"); }
inline Resource replicationControllersResource() { return coreResource("replicationcontrollers"); }
inline Resource persistentVolumesResource() { return coreResource("persistentvolumes"); }
inline Resource persistentVolumeClaimsResource() { return coreResource("persistentvolumeclaims"); }
inline Resource resourceQuotasResource() { return coreResource("resourcequotas"); }
inline Resource deploymentsResource() { return {"apps", "v1", "deployments"}; }
inline Resource replicaSetsResource() { return {"apps", "v1", "replicasets"}; }
inline Resource daemonSetsResource() { return {"apps", "v1", "daemonsets"}; }
inline Resource statefulSetsResource() { return {"apps", "v1", "statefulsets"}; }
inline Resource controllerRevisionsResource() { return {"apps", "v1", "controllerrevisions"}; }
inline Resource jobsResource() { return {"batch", "v1", "jobs"}; }
inline Resource cronJobsResource() { return {"batch", "v1", "cronjobs"}; }
inline Resource endpointSlicesResource() { return {"discovery.k8s.io", "v1", "endpointslices"}; }
inline Resource leasesResource() { return {"coordination.k8s.io", "v1", "leases"}; }
inline Resource storageClassesResource() { return {"storage.k8s.io", "v1", "storageclasses"}; }
inline Resource csiNodesResource() { return {"storage.k8s.io", "v1", "csinodes"}; }
inline Resource podDisruptionBudgetsResource() { return {"policy", "v1", "poddisruptionbudgets"}; }
inline Resource signingRequestsResource() {
    return {"certificates.k8s.io", "v1", "certificatesigningrequests"};
}

} // namespace client
