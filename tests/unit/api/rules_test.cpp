// Rules of kinds that have no controller, and of metadata: manifest, and the causes that upstream names.
#include "api/kinds.h"
#include "api/objects/pod_patch.h"
#include "api/validation.h"
#include "document/yaml.h"

#include <catch2/catch.hpp>

using document::Value;

namespace {

Value yaml(std::string_view text) {
    auto value = document::readYaml(text);
    INFO(text);
    REQUIRE(value.ok());
    return *value;
}

std::pair<const api::ResourceInfo*, Value> prepared(std::string_view text) {
    Value object = yaml(text);
    std::string group, version = object["apiVersion"].text();
    if (const auto slash = version.find('/'); slash != std::string::npos) {
        group = version.substr(0, slash);
        version = version.substr(slash + 1);
    }
    const api::ResourceInfo* info = api::builtinKinds().findByKind(group, version, object["kind"].asString());
    REQUIRE(info != nullptr);
    auto decoded = api::decodeObject(*info, object);
    INFO((decoded.ok() ? std::string() : decoded.error().message));
    REQUIRE(decoded.ok());
    return {info, api::fillRequired(*info, api::applyDefaults(*info, decoded->object))};
}

std::vector<std::string> shown(const std::vector<api::StatusCause>& causes) {
    std::vector<std::string> out;
    for (const api::StatusCause& cause : causes) out.push_back(cause.field + ": " + cause.message);
    return out;
}

std::vector<std::string> created(std::string_view text) {
    const auto [info, object] = prepared(text);
    return shown(api::validateCreate(*info, object));
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("flow schemas and priority levels keep upstream's rules") {
    CHECK(created(R"({apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, metadata: {name: f},
        spec: {matchingPrecedence: 1, priorityLevelConfiguration: {name: ''},
        rules: [{subjects: [{kind: User}], resourceRules: [{verbs: [peek], apiGroups: ['*', a], resources: [pods],
        namespaces: [Bad_Name]}], nonResourceRules: [{verbs: ['*'], nonResourceURLs: ['no//slash']}]}]}})") ==
          Texts{"spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have "
                "matchingPrecedence 1",
                "spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
                "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
                "spec.rules[0].resourceRules[0].verbs: Unsupported value: [\"peek\"]: supported values: \"create\", "
                "\"delete\", \"deletecollection\", \"get\", \"list\", \"patch\", \"proxy\", \"update\", \"watch\"",
                "spec.rules[0].resourceRules[0].apiGroups: Invalid value: [\"*\",\"a\"]: if '*' is present, must not "
                "specify other api groups",
                "spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: \"Bad_Name\": each member of this list "
                "must be '*' or a DNS-1123 label; a lowercase RFC 1123 label must consist of lower case alphanumeric "
                "characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
                "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                "spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: \"no//slash\": must start with "
                "slash"});
    CHECK(created(R"({apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: PriorityLevelConfiguration,
        metadata: {name: p}, spec: {type: Limited, limited: {nominalConcurrencyShares: 5, lendablePercent: 101,
        limitResponse: {type: Queue, queuing: {queues: 4, handSize: 9, queueLengthLimit: 50}}}}})") ==
          Texts{"spec.limited.limitResponse.queuing.handSize: Invalid value: 9: should not be greater than queues (4)",
                "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive"});
}

TEST_CASE("signing requests, API services and events keep upstream's rules") {
    CHECK(created(R"({apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: c},
        spec: {request: eA==, signerName: nosigner, usages: [client auth, client auth, flying],
        expirationSeconds: 10}})") ==
          Texts{"spec.request: Invalid value: \"eA==\": PEM block type must be CERTIFICATE REQUEST",
                "spec.usages[2]: Unsupported value: \"flying\": supported values: \"any\", \"cert sign\", \"client "
                "auth\", \"code signing\", \"content commitment\", \"crl sign\", \"data encipherment\", \"decipher "
                "only\", \"digital signature\", \"email protection\", \"encipher only\", \"ipsec end system\", \"ipsec "
                "tunnel\", \"ipsec user\", \"key agreement\", \"key encipherment\", \"microsoft sgc\", \"netscape "
                "sgc\", \"ocsp signing\", \"s/mime\", \"server auth\", \"signing\", \"timestamping\"",
                "spec.usages[1]: Duplicate value: \"client auth\"",
                "spec.signerName: Invalid value: \"nosigner\": must be a fully qualified domain and path of the form "
                "'example.com/signer-name'",
                "spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 600 seconds (10 "
                "minutes)"});
    CHECK(created(R"({apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: wrong},
        spec: {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 1001}})") ==
          Texts{"metadata.name: Invalid value: \"wrong\": must be `spec.version+\".\"+spec.group`: "
                "\"v1beta1.metrics.k8s.io\"",
                "spec.versionPriority: Invalid value: 1001: must be positive and less than 1000"});
    CHECK(created(R"({apiVersion: v1, kind: Event, metadata: {name: e, namespace: a},
        involvedObject: {kind: Pod, name: p, namespace: b}})") ==
          Texts{"involvedObject.namespace: Invalid value: \"b\": does not match event.namespace"});
    CHECK(created(R"({apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: e, namespace: default},
        type: Odd, regarding: {kind: Pod, name: p, namespace: default}})") ==
          Texts{"eventTime: Required value", "type: Invalid value: \"\": has invalid value: Odd"});
}

TEST_CASE("device claims and slices keep upstream's rules") {
    CHECK(created(R"({apiVersion: resource.k8s.io/v1, kind: ResourceClaim, metadata: {name: c, namespace: team},
        spec: {devices: {requests: [{name: a}, {name: a, exactly: {deviceClassName: gpu, count: 2}}],
        constraints: [{requests: [b], matchAttribute: nodomain}]}}})") ==
          Texts{"spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required",
                "spec.devices.requests[1]: Duplicate value: \"a\"",
                "spec.devices.constraints[0].requests[0]: Invalid value: \"b\": must be the name of a request in the "
                "claim or the name of a request and a subrequest separated by '/'",
                "spec.devices.constraints[0].matchAttribute: Invalid value: \"nodomain\": a fully qualified name must "
                "be a domain and a name separated by a slash"});
    CHECK(created(R"({apiVersion: resource.k8s.io/v1, kind: ResourceSlice, metadata: {name: s},
        spec: {driver: d.example.com, pool: {name: p, resourceSliceCount: 1, generation: 1},
        nodeName: n1, allNodes: true, devices: [{name: g0, attributes: {a: {int: 1, bool: true}}}]}})") ==
          Texts{"spec: Invalid value: \"{`nodeName`, `allNodes`}\": exactly one of `nodeName`, `nodeSelector`, "
                "`allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set",
                "spec.devices[0].attributes[a]: Invalid value: "
                "{\"IntValue\":1,\"BoolValue\":true,\"StringValue\":null,\"VersionValue\":null}: exactly one value "
                "must be specified"});
}

TEST_CASE("schemas of definitions must be structural") {
    const auto schema = [](const std::string& text) {
        return created("{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, "
                       "metadata: {name: ws.lab.test}, status: {storedVersions: [v1]}, "
                       "spec: {group: lab.test, scope: Namespaced, "
                       "names: {plural: ws, singular: w, kind: W, listKind: WList}, "
                       "versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: " + text + "}}]}}");
    };
    const std::string root = "spec.validation.openAPIV3Schema";
    CHECK(schema("{type: object, properties: {a: {type: array}}}") ==
          Texts{root + ".properties[a].items: Required value: must be specified"});
    CHECK(schema("{type: object, properties: {a: {anyOf: [{type: string}], type: string}}}") ==
          Texts{root + ".properties[a].anyOf[0].type: Forbidden: must be empty to be structural"});
    CHECK(schema("{type: object, allOf: [{properties: {b: {minimum: 1}}}]}") ==
          Texts{root + ".properties[b]: Required value: because it is defined in " + root + ".allOf[0].properties[b]"});
    CHECK(schema("{type: object, properties: {l: {type: array, x-kubernetes-list-type: map, "
                 "x-kubernetes-list-map-keys: [k], items: {type: object, properties: {k: {type: string}}}}}}") ==
          Texts{root + ".properties[l].items.properties[k].default: Required value: this property is in "
                       "x-kubernetes-list-map-keys, so it must have a default or be a required property"});
    CHECK(schema("{type: object, properties: {a: {type: integer, default: x}}}") ==
          Texts{root + ".properties[a].default: Invalid value: \"string\":  in body must be of type integer: "
                       "\"string\""});
    CHECK(schema("{type: object, properties: {spec: {type: object, x-kubernetes-embedded-resource: true}}}") ==
          Texts{root + ".properties[spec].properties: Required value: must not be empty if "
                       "x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"});
}

TEST_CASE("what holds for every kind is said before a kind's own rules on update") {
    const auto [info, old] = prepared(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: team, uid: u, resourceVersion: '1'}}");
    const Value now = old.withPath({"metadata", "labels", "-bad"}, "x");
    const auto causes = api::validateUpdate(*info, now, old);
    REQUIRE(causes.size() >= 2);
    CHECK(causes[0].field == "metadata.labels");
    CHECK(causes[0].message == causes[1].message);
}

TEST_CASE("status subresources check their numbers") {
    const auto [info, old] = prepared(R"({apiVersion: apps/v1, kind: Deployment,
        metadata: {name: d, namespace: team, uid: u, resourceVersion: '1'},
        spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},
        spec: {containers: [{name: c, image: i}]}}}})");
    const Value now = old.with("status", yaml("{replicas: 1, readyReplicas: 2, availableReplicas: 3}"));
    CHECK(shown(api::validateSubresource(*info, "status", now, old)) ==
          Texts{"status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
                "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
                "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas"});
}

TEST_CASE("the driver of a VolumeAttributesClass is a qualified name") {
    CHECK(created("{apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, metadata: {name: gold}, "
                  "driverName: example.com/Drv, parameters: {iops: '1'}}")
              .empty());
    CHECK(created("{apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, metadata: {name: gold}, "
                  "driverName: a/b/c, parameters: {iops: '1'}}")
              .size() == 1);
}

TEST_CASE("a node keeps its pod network, whichever of the two fields is changed") {
    const auto [info, node] = prepared("{apiVersion: v1, kind: Node, metadata: {name: one, resourceVersion: '1'}, "
                                       "spec: {podCIDR: 10.1.0.0/24, podCIDRs: [10.1.0.0/24]}}");
    const Texts refused{"spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"};
    const Value single = node.withPath({"spec", "podCIDR"}, "10.9.0.0/24");
    CHECK(shown(api::validateUpdate(*info, single, node)) == refused);
    const Value list = node.withPath({"spec", "podCIDRs"}, Value::strings({"10.9.0.0/24"}));
    CHECK(shown(api::validateUpdate(*info, list, node)).empty());
    const Value fresh = node.withPath({"spec"}, Value::object());
    CHECK(shown(api::validateUpdate(*info, node, fresh)).empty());
}

TEST_CASE("a new condition comes last in a patch of a pod's status") {
    const Value pod = yaml("{status: {conditions: [{type: Ready, status: 'True'}, {type: PodScheduled}]}}");
    const Value patch = api::conditionPatch(pod, yaml("{type: DisruptionTarget, status: 'True'}"));
    CHECK(patch == yaml("{$setElementOrder/conditions: [{type: Ready}, {type: PodScheduled}, {type: DisruptionTarget}], "
                        "conditions: [{type: DisruptionTarget, status: 'True'}]}"));
    const Value known = api::conditionPatch(pod, yaml("{type: Ready, status: 'False'}"));
    CHECK(known["$setElementOrder/conditions"].size() == 2);
}

TEST_CASE("a pod is judged alike whether or not another of its template came before") {
    const auto [info, first] = prepared(R"({apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default},
        spec: {containers: [{name: c, image: i, volumeMounts: [{name: token-a, mountPath: /t}, {name: work, mountPath: /w}]},
        {name: d, image: i, volumeMounts: [{name: token-a, mountPath: /t}]}],
        volumes: [{name: token-a, projected: {sources: [{serviceAccountToken: {path: token, expirationSeconds: 3607}}]}},
        {name: work, emptyDir: {}}], serviceAccountName: default}})");
    const Value spec = first["spec"];
    const auto withMount = [&](const Value& from, std::size_t container, const char* name) {
        const Value& old = from["containers"][container];
        return from.with("containers", from["containers"].withItem(container,
            old.with("volumeMounts", old["volumeMounts"].withItem(0, old["volumeMounts"][0].with("name", name)))));
    };
    const auto withVolume = [&](const Value& from, const char* name) {
        return from.with("volumes", from["volumes"].withItem(0, from["volumes"][0].with("name", name)));
    };
    const auto renamed = [&](const char* name) { return withMount(withMount(withVolume(spec, name), 0, name), 1, name); };
    const Value doubtful = renamed("token-b").withPath({"dnsPolicy"}, "Never");
    const std::pair<Value, std::size_t> cases[] = {{renamed("token-b"), 0}, {withMount(renamed("token-b"), 1, "token-a"), 1},
                                                   {renamed("Token"), 1}, {renamed("work"), 1}, {doubtful, 1},
                                                   {withVolume(spec, "token-b"), 2}, {withMount(spec, 0, "work"), 0}};
    for (const auto& [changed, problems] : cases) {
        const Value pod = first.with("spec", changed);
        const Value other = first.with("spec", spec.withPath({"hostname"}, "other").withPath({"containers"}, Value()));
        CHECK_FALSE(api::validateCreate(*info, other).empty());
        const Texts alone = shown(api::validateCreate(*info, pod));
        CHECK(api::validateCreate(*info, first).empty());
        CHECK(shown(api::validateCreate(*info, pod)) == alone);
        CHECK(alone.empty() == (problems == 0));
    }
}

TEST_CASE("pods of one template are warned of one by one") {
    const auto [info, quiet] = prepared(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]}})");
    const auto [same, loud] = prepared(R"({apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeSelector:
        {beta.kubernetes.io/os: linux}, containers: [{name: c, image: i}]}})");
    const Texts expected{"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead"};
    for (int i = 0; i < 2; ++i) {
        CHECK(api::warningsFor(*info, quiet, Value()).empty());
        CHECK(api::warningsFor(*info, loud, Value()) == expected);
        CHECK(api::warningsFor(*info, loud, Value()) == expected);
    }
}
