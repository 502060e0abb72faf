#!/usr/bin/env python3
"""Writes the tables of assets/kinds/ from facts about a Kubernetes release.

    generate_kinds.py FACTS [GO_TYPES...]

FACTS holds fields/ (reflection over the real types), openapi/schemas.json, discovery/ and tables/.
GO_TYPES are types.go files for the groups that fields/ leaves out, as PREFIX=PATH
(apiextensions.v1=.../apiextensions/v1/types.go); only their struct tags are read. A PREFIX without
a version (core=.../apis/core/types.go) names internal types.

assets/kinds/types.tsv      "T name" starts a type ("A" after it: atomic); a field per line:
    name, type code, protobuf number, flags, patch strategy, merge key, list type, list map keys
    type codes: s string  b bool  i int32  l int64  d double  y bytes  t Time  u MicroTime
                q Quantity  o IntOrString  a any  [x list of x  {x map to x  S<type> struct
                "=v1.Protocol" after a code is the name of the Go type in error texts
    flags: * pointer, o omitempty, r required, z omitzero, g granular map, A atomic map
    a field without a name embeds a message: its fields are folded in, its number counts on the wire
assets/kinds/resources.tsv  one line per resource and subresource, in discovery order
assets/kinds/columns.tsv    table columns
assets/kinds/defaults.tsv   type, field, JSON value: what defaulting sets when the field is unset
assets/kinds/schemas.json   OpenAPI v3 schemas, one per line

The descriptions.*.tsv beside them are written by hand; scripts/check_descriptions.py checks them.
"""
import json
import os
import re
import sys

SCALARS = {
    "string": "s", "bool": "b", "int32": "i", "int64": "l", "float64": "d", "bytes": "y",
    "meta.v1.Time": "t", "meta.v1.MicroTime": "u", "api.resource.Quantity": "q",
    "util.intstr.IntOrString": "o", "runtime.RawExtension": "a", "meta.v1.FieldsV1": "a",
    "uint8": "i", "int": "l", "uint32": "i", "uint64": "l", "int16": "i",
}
NAMED = {"string": "s", "int64": "l", "int32": "i", "bool": "b"}

# Set only under conditions: code in engine/api/defaults_*.cpp knows them.
CONDITIONAL = {
    ("core.v1.PodSpec", "enableServiceLinks"), ("core.v1.Container", "imagePullPolicy"),
    ("core.v1.EphemeralContainer", "imagePullPolicy"), ("core.v1.EphemeralContainerCommon", "imagePullPolicy"),
    ("core.v1.ImageVolumeSource", "pullPolicy"),
    ("apps.v1.RollingUpdateDeployment", "maxSurge"), ("apps.v1.RollingUpdateDeployment", "maxUnavailable"),
    ("apps.v1.RollingUpdateDaemonSet", "maxSurge"), ("apps.v1.RollingUpdateDaemonSet", "maxUnavailable"),
    ("apps.v1.RollingUpdateStatefulSetStrategy", "partition"),
    ("batch.v1.JobSpec", "backoffLimit"), ("batch.v1.JobSpec", "completionMode"),
    ("batch.v1.JobSpec", "completions"), ("batch.v1.JobSpec", "parallelism"),
    ("batch.v1.JobSpec", "podReplacementPolicy"), ("batch.v1.JobSpec", "suspend"),
    ("batch.v1.JobSpec", "manualSelector"),
    ("resource.v1.DeviceTaint", "timeAdded"), ("resource.v1.ExactDeviceRequest", "count"),
    ("resource.v1.DeviceSubRequest", "count"),
    ("core.v1.ServiceSpec", "internalTrafficPolicy"), ("autoscaling.v2.HPAScalingRules", "selectPolicy"),
    ("autoscaling.v2.HPAScalingRules", "stabilizationWindowSeconds"),
    ("core.v1.ScaleIOVolumeSource", "storageMode"),
}
EXTRA = [("apiextensions.v1.ServiceReference", "port", 443),
         ("apiregistration.v1.ServiceReference", "port", 443),
         ("core.v1.PodSpec", "securityContext", {}),
         ("core.v1.ScaleIOVolumeSource", "storageMode", "ThinProvisioned")]

OPENAPI = [("meta.v1.", "io.k8s.apimachinery.pkg.apis.meta.v1."),
           ("apiextensions.v1.", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."),
           ("apiregistration.v1.", "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1."),
           ("", "io.k8s.api.")]

# fields/ and discovery name groups differently.
GROUP_PREFIX = {"": "core", "rbac.authorization.k8s.io": "rbac", "flowcontrol.apiserver.k8s.io": "flowcontrol"}


def prefix_of(group, version):
    return f"{GROUP_PREFIX.get(group, group.split('.')[0])}.{version}"


def go_name(name):
    parts = name.split(".")
    return f"{parts[-2]}.{parts[-1]}" if len(parts) > 1 else name


class Types:
    def __init__(self):
        self.fields = {}  # name -> [(field, go type, number, flags)]

    def read_reflection(self, path):
        name = None
        for line in open(path):
            line = line.rstrip("\n")
            if not line:
                continue
            if not line.startswith(" "):
                name = line.strip()
                self.fields.setdefault(name, [])
                continue
            cells = (line[2:].split("\t") + ["", "", ""])[:4]
            self.fields[name].append(tuple(cells))

    def read_go(self, prefix, path):
        strings = set(re.findall(r"^type (\w+) string$", open(path).read(), re.M))
        name = None
        for line in open(path):
            start = re.match(r"type (\w+) struct ?\{", line)
            if start:
                name = f"{prefix}.{start.group(1)}"
                self.fields[name] = []
                if line.rstrip().endswith("}"):
                    name = None
                continue
            if line.startswith("}"):
                name = None
            field = re.match(r"\s+(\w+\s+)?(\S+)\s+`json:\"([^\"]*)\"(?: protobuf:\"([^\"]*)\")?", line)
            if not name or not field:
                continue
            tag = field.group(3).split(",")
            proto = (field.group(4) or "").split(",")
            number = f"{proto[1]}:{proto[0]}" if len(proto) > 1 else "-"
            go = self.qualify(prefix, field.group(2), strings)
            if "inline" in tag:
                self.fields[name].append(("(inline)", go, "-", ""))
            else:
                flags = " ".join(t for t in tag[1:] if t)
                self.fields[name].append((tag[0], go, number, flags))

    def read_internal(self, prefix, path, out):
        """Types without JSON tags, which some error texts print with their Go field names."""
        text = open(path).read()
        named = dict(re.findall(r"^type (\w+) (string|bool|int32|int64|map\[.*|\[\].*)$", text, re.M))
        self.named = getattr(self, "named", {})
        self.named.update({f"{prefix}.{key}": value for key, value in named.items()})
        name = None
        for line in text.split("\n"):
            start = re.match(r"type (\w+) struct ?\{", line)
            if start:
                name = None if line.rstrip().endswith("}") else f"{prefix}.{start.group(1)}"
                out[f"{prefix}.{start.group(1)}"] = []
                continue
            if line.startswith("}"):
                name = None
            line = line.split("//")[0].rstrip()
            field = re.match(r"\t(?:([A-Z]\w*)\s+)?([\w.*\[\]{}]+)(?:\s+`.*`)?$", line)
            if not name or not field or not field.group(2):
                continue
            out[name].append((field.group(1) or "", self.internal_code(prefix, field.group(2), named)))

    def internal_code(self, prefix, go, named):
        if go.startswith("*"):
            return "*" + self.internal_code(prefix, go[1:], named)
        if go == "[]byte":
            return "y"
        if go.startswith("[]"):
            return "[" + self.internal_code(prefix, go[2:], named)
        if go.startswith("map["):
            return "{" + self.internal_code(prefix, go[go.index("]") + 1:], named)
        if go in named:
            return self.internal_code(prefix, named[go], named)
        base = {"string": "s", "bool": "b", "int32": "i", "int64": "i", "int": "i", "float64": "i",
                "resource.Quantity": "q", "intstr.IntOrString": "o", "types.UID": "s"}
        if go in base:
            return base[go]
        for alias in ("core.", "api.", "batch.", "apps."):
            if go.startswith(alias):
                inner = go[len(alias):]
                if inner == "ResourceList":
                    return "{q"
                full = {"api.": "core."}.get(alias, alias) + inner
                return "s" if self.named.get(full) == "string" else "S" + full
        if "." in go or go in ("JSON", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrArray",
                               "JSONSchemaPropsOrStringArray", "JSONSchemaDependencies"):
            return "v"
        if go == "ValidationRules":
            return "[S" + prefix + ".ValidationRule"
        if go == "JSONSchemaDefinitions":
            return "{S" + prefix + ".JSONSchemaProps"
        if go == "JSONSchemaURL":
            return "s"
        return f"S{prefix}.{go}"

    def qualify(self, prefix, go, strings):
        for head in ("*", "[]"):
            if go.startswith(head):
                return head + self.qualify(prefix, go[len(head):], strings)
        if go.startswith("map["):
            key, value = re.match(r"map\[(\w+)\](.*)", go).groups()
            return f"map[{key}]" + self.qualify(prefix, value, strings)
        if go.startswith("metav1."):
            return "meta.v1." + go[7:]
        if go == "types.UID" or go in strings:
            return f"{prefix}.{go}(string)"
        if go in ("JSON", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrArray",
                  "JSONSchemaPropsOrStringArray"):
            return "runtime.RawExtension"
        if go == "ValidationRules":
            return f"[]{prefix}.ValidationRule"
        if go in ("JSONSchemaDefinitions", "JSONSchemaDependencies", "JSONSchemaURL"):
            return {"JSONSchemaURL": "string"}.get(go, "map[string]" + (
                f"{prefix}.JSONSchemaProps" if go == "JSONSchemaDefinitions" else "runtime.RawExtension"))
        return f"{prefix}.{go}" if go[0].isupper() else go

    def code(self, go, used):
        if go.startswith("*"):
            return self.code(go[1:], used)
        if go == "[]byte":
            return "y"
        if go.startswith("[]"):
            return "[" + self.code(go[2:], used)
        if go.startswith("map["):
            value = go[go.index("]") + 1:]
            return "{" + self.code(value, used)
        if go in SCALARS:
            return SCALARS[go]
        named = re.match(r"(.*)\((\w+)\)$", go)
        if named:
            name, kind = named.groups()
            if kind == "map":
                return "{q=" + go_name(name)
            if kind == "slice":
                return "[s=" + go_name(name)
            return NAMED[kind] + "=" + go_name(name)
        used.add(go)
        return "S" + go


def openapi_name(name):
    for ours, theirs in OPENAPI:
        if name.startswith(ours):
            return theirs + name[len(ours):]


def write_types(out, types, schemas, roots):
    todo, done = list(roots), set()
    lines = []
    while todo:
        name = todo.pop(0)
        if name in done:
            continue
        done.add(name)
        if name not in types.fields:
            sys.exit(f"type {name} is unknown")
        schema = schemas.get(openapi_name(name), {})
        lines.append("T " + name + ("\tA" if schema.get("x-kubernetes-map-type") == "atomic" else ""))
        used = set()
        emit_fields(lines, types, schemas, name, schema, used)
        todo += sorted(used - done)
    open(os.path.join(out, "types.tsv"), "w").write("\n".join(lines) + "\n")
    return done


def emit_fields(lines, types, schemas, name, schema, used):
    required = schema.get("required", [])
    for field, go, number, flags in types.fields[name]:
        if field == "(inline)":
            if go.endswith("TypeMeta"):
                for meta, proto in (("kind", 1), ("apiVersion", 2)):
                    lines.append(f"{meta}\ts\t0\to")
                continue
            if number != "-":
                lines.append(f"\tS{go}\t{number.split(':')[0]}")
                used.add(go)
            else:
                emit_fields(lines, types, schemas, go, schema, used)
            continue
        prop = schema.get("properties", {}).get(field, {})
        code = types.code(go, used)
        marks = ("*" if go.startswith("*") else "") + ("o" if "omitempty" in flags else "")
        marks += "z" if "omitzero" in flags else ""
        marks += "r" if field in required else ""
        map_type = prop.get("x-kubernetes-map-type")
        marks += {"granular": "g", "atomic": "A", None: ""}[map_type]
        strategy = prop.get("x-kubernetes-patch-strategy", "")
        key = prop.get("x-kubernetes-patch-merge-key", "")
        for flag in flags.split():
            if flag.startswith("patch=") and flag[6:] != "replace":
                strategy = flag[6:]
            if flag.startswith("key="):
                key = flag[4:]
        row = [field, code, number.split(":")[0].replace("-", "0"), marks, strategy, key,
               prop.get("x-kubernetes-list-type", ""), ",".join(prop.get("x-kubernetes-list-map-keys", []))]
        lines.append("\t".join(row).rstrip("\t"))


def strip(go):
    while True:
        if go.startswith("*"):
            go = go[1:]
        elif go.startswith("[]"):
            go = go[2:]
        elif go.startswith("map["):
            go = go[go.index("]") + 1:]
        else:
            return go


def owner_of(types, root, path):
    """The type that holds the last step of a path like .spec.ports[].protocol."""
    current = root
    steps = [s.replace("[]", "") for s in path.strip(".").split(".")]
    for at, step in enumerate(steps):
        owner, go = find_field(types, current, step)
        if owner is None:
            return None
        if at == len(steps) - 1:
            return current, step
        current = strip(go)


def find_field(types, name, field):
    for f, go, _, _ in types.fields.get(name, []):
        if f == field:
            return name, go
        if f == "(inline)":
            owner, found = find_field(types, go, field)
            if owner:
                return owner, found
    return None, None


def write_defaults(out, facts, types, resources):
    rules, sources = {}, {}
    for group, version in sorted({(r["group"], r["version"]) for r in resources}):
        path = os.path.join(facts, "fields", (f"{group}.{version}" if group else version) + ".defaults.txt")
        if not os.path.exists(path):
            continue
        kind = variant = None
        for line in open(path):
            head = re.match(r"(\w+) \((\w+)\)", line)
            if head:
                kind, variant = head.groups()
                continue
            rule = re.match(r"  (\S+) = (.*)$", line)
            if not rule or "[] = " in line or variant != "filled":
                continue
            found = owner_of(types, f"{prefix_of(group, version)}.{kind}", rule.group(1))
            if found is None or found in CONDITIONAL:
                continue
            value = json.loads(rule.group(2))
            if found in rules and rules[found] != value:
                sys.exit(f"{found}: {rules[found]} or {value}? Make it conditional.")
            rules[found] = value
    for owner, field, value in EXTRA:
        rules[(owner, field)] = value
    with open(os.path.join(out, "defaults.tsv"), "w") as f:
        for (owner, field), value in sorted(rules.items()):
            f.write(f"{owner}\t{field}\t{json.dumps(value)}\n")


# Internal field names that are not the JSON name in another case.
ALIASES = {"CephMonitors": "monitors", "RBDImage": "image", "RBDPool": "pool", "RadosUser": "user",
           "DataDiskURI": "diskURI", "EndpointsName": "endpoints", "XValidations": "x-kubernetes-validations",
           "XPreserveUnknownFields": "x-kubernetes-preserve-unknown-fields",
           "XEmbeddedResource": "x-kubernetes-embedded-resource", "XIntOrString": "x-kubernetes-int-or-string",
           "XListMapKeys": "x-kubernetes-list-map-keys", "XListType": "x-kubernetes-list-type",
           "XMapType": "x-kubernetes-map-type"}


def write_internal(out, internal):
    """assets/kinds/internal.tsv: "I name", then Go field, code ("*" pointer, "v" printed as it is), JSON name."""
    with open(os.path.join(out, "internal.tsv"), "w") as f:
        roots = ["core.PodSpec", "core.PodTemplateSpec", "core.PersistentVolumeSource", "core.ServicePort",
                 "core.PersistentVolumeClaimSpec", "core.ScopeSelector", "core.Taint", "core.NodeAddress",
                 "core.PodResourceClaim", "core.VolumeNodeAffinity", "core.Toleration",
                 "core.ClusterTrustBundleProjection", "apps.DeploymentStrategy", "apps.DaemonSetUpdateStrategy",
                 "apps.StatefulSetUpdateStrategy", "batch.SuccessPolicy", "batch.PodFailurePolicy",
                 "policy.PodDisruptionBudgetSpec", "rbac.RoleRef",
                 "apiextensions.CustomResourceDefinitionVersion", "flowcontrol.FlowSchemaSpec",
                 "flowcontrol.PriorityLevelConfigurationSpec", "resource.ResourceClaimSpec",
                 "resource.ResourceClaimTemplateSpec", "resource.AllocationResult", "resource.DeviceAttribute",
                 "resource.CapacityRequestPolicy", "storage.VolumeAttachmentSpec", "core.EventSource",
                 "authorization.NonResourceAttributes", "batch.PodFailurePolicyOnPodConditionsPattern",
                 "certificates.CertificateSigningRequestCondition", "networking.IngressBackend"]
        done = set()
        while roots:
            name = roots.pop(0)
            if name in done or name not in internal:
                continue
            done.add(name)
            f.write(f"I {name}\n")
            for field, code in internal[name]:
                alias = ALIASES.get(field, "")
                f.write("\t".join([field, code, alias]).rstrip("\t") + "\n")
                inner = code.lstrip("*[{")
                if inner.startswith("S"):
                    roots.append(inner[1:])


def read_resources(facts):
    resources = []
    subs = {}
    for path in ("aggregated-api.json", "aggregated-apis.json"):
        for group in json.load(open(os.path.join(facts, "discovery", path)))["items"]:
            for version in group["versions"]:
                for r in version["resources"]:
                    resources.append({"group": group["metadata"].get("name", ""),
                                      "version": version["version"], "r": r})
    return resources


def write_resources(out, resources):
    roots = set()
    lines = []
    for item in resources:
        r, group, version = item["r"], item["group"], item["version"]
        kind = r["responseKind"]["kind"]
        roots.add(f"{prefix_of(group, version)}.{kind}")
        lines.append("\t".join([
            group, version, r["resource"], kind, r.get("singularResource", ""),
            "n" if r["scope"] == "Namespaced" else "c", ",".join(r.get("shortNames", [])),
            ",".join(r.get("categories", [])), ",".join(r["verbs"]), f"{prefix_of(group, version)}.{kind}"]))
        for sub in r.get("subresources", []):
            answer = sub["responseKind"]
            sub_group = answer.get("group") or group
            sub_version = answer.get("version") or version
            lines.append("\t".join(["+", sub["subresource"], sub_group if answer.get("version") else group,
                                    sub_version, answer["kind"], ",".join(sub["verbs"])]))
            roots.add(f"{prefix_of(sub_group if answer.get('version') else group, sub_version)}.{answer['kind']}")
    open(os.path.join(out, "resources.tsv"), "w").write("\n".join(lines) + "\n")
    return roots


def main():
    facts, go_files = sys.argv[1], sys.argv[2:]
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "assets", "kinds")
    os.makedirs(out, exist_ok=True)
    types = Types()
    for name in sorted(os.listdir(os.path.join(facts, "fields"))):
        if name.endswith(".fields.txt"):
            types.read_reflection(os.path.join(facts, "fields", name))
    internal = {}
    for argument in go_files:
        prefix, path = argument.split("=", 1)
        if "." in prefix:
            types.read_go(prefix, path)
        else:
            types.read_internal(prefix, path, internal)
    write_internal(out, internal)
    schemas = json.load(open(os.path.join(facts, "openapi", "schemas.json")))
    resources = read_resources(facts)
    roots = write_resources(out, resources)
    roots = {r for r in roots if r in types.fields or sys.stderr.write(f"no fields for {r}\n") is None and False}
    roots |= {"meta.v1.Status", "meta.v1.DeleteOptions", "meta.v1.ListMeta", "meta.v1.ListOptions",
              "meta.v1.CreateOptions", "meta.v1.UpdateOptions", "meta.v1.PatchOptions", "meta.v1.GetOptions",
              "core.v1.PodLogOptions", "core.v1.SerializedReference", "meta.v1.WatchEvent",
              "admission.v1.AdmissionReview"}
    write_types(out, types, schemas, sorted(roots))
    write_defaults(out, facts, types, resources)
    with open(os.path.join(facts, "tables", "columns.tsv")) as f:
        open(os.path.join(out, "columns.tsv"), "w").write("".join(f.readlines()[1:]))
    with open(os.path.join(out, "schemas.json"), "w") as f:
        rows = [json.dumps(k) + ":" + json.dumps(v, separators=(",", ":")) for k, v in sorted(schemas.items())]
        f.write("{\n" + ",\n".join(rows) + "\n}\n")


main()
