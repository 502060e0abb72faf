#!/usr/bin/env python3
"""Makes assets/bootstrap/ from the objects of a freshly initialised cluster.

usage: generate_bootstrap.py <folder with *.json lists> [<assets folder>]

assets/bootstrap/apiserver/: objects that an API server makes by itself.
assets/bootstrap/kubeadm/: objects that kubeadm and its add-ons make.
Fields that each cluster chooses anew (uid, times, versions, managers, addresses) are left out.
"""
import json
import pathlib
import sys

CHOSEN = ["uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"]
# Kinds that controllers make out of others; nobody creates them by hand.
DERIVED = {"Endpoints", "EndpointSlice", "ControllerRevision", "ComponentStatus", "Pod", "ReplicaSet",
           "Lease", "Event", "Node", "IPAddress", "Secret"}
OWN_NAMESPACES = {"default", "kube-node-lease", "kube-public", "kube-system"}


def owner(item):
    meta, kind = item["metadata"], item["kind"]
    name = meta["name"]
    labels = meta.get("labels") or {}
    if kind == "Namespace":
        return "apiserver" if name in OWN_NAMESPACES else None
    if kind in ("FlowSchema", "PriorityLevelConfiguration", "PriorityClass", "ServiceCIDR", "APIService"):
        return "apiserver"
    if kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"):
        return "apiserver" if labels.get("kubernetes.io/bootstrapping") == "rbac-defaults" else "kubeadm"
    if kind == "Service" and name == "kubernetes":
        return None  # made in code: its address depends on the flags
    if kind == "ConfigMap" and name in ("kube-root-ca.crt", "extension-apiserver-authentication",
                                        "kube-apiserver-legacy-service-account-token-tracking"):
        return None
    if kind == "ServiceAccount":
        return "kubeadm" if name in ("coredns", "kube-proxy") else None  # others come from controllers
    if kind in DERIVED:
        return None
    return "kubeadm"


def strip(item):
    meta = item["metadata"]
    for key in CHOSEN:
        meta.pop(key, None)
    annotations = meta.get("annotations") or {}
    annotations.pop("deployment.kubernetes.io/revision", None)
    annotations.pop("deprecated.daemonset.template.generation", None)
    if not annotations:
        meta.pop("annotations", None)
    kind = item["kind"]
    if kind == "Namespace":
        item["status"] = {"phase": "Active"}
    elif kind in ("FlowSchema", "PriorityLevelConfiguration", "APIService", "ServiceCIDR"):
        pass
    else:
        item.pop("status", None)
    for condition in (item.get("status") or {}).get("conditions") or []:
        condition["lastTransitionTime"] = "2026-03-02T09:00:00Z"
    return item


def main():
    source = pathlib.Path(sys.argv[1])
    assets = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent.parent / "assets")
    out = {"apiserver": {}, "kubeadm": {}}
    for path in sorted(source.glob("*.json")):
        data = json.loads(path.read_text())
        for item in data if isinstance(data, list) else data["items"]:
            who = owner(item)
            if who:
                out[who].setdefault(path.stem, []).append(strip(item))
    # A namespace comes before what is in it.
    for who, files in out.items():
        folder = assets / "bootstrap" / who
        folder.mkdir(parents=True, exist_ok=True)
        for stem, items in files.items():
            prefix = "00-" if stem == "namespaces" else "10-"
            text = json.dumps({"kind": "List", "apiVersion": "v1", "items": items}, indent=1, sort_keys=True)
            (folder / (prefix + stem + ".json")).write_text(text + "\n")


if __name__ == "__main__":
    main()
