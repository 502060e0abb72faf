#include "apiserver/admission/expressions.h"

#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

Value requestOf(const Admission& a) {
    const Value kind = Value::object(
        {{"group", a.resource.group}, {"version", a.resource.version}, {"kind", a.resource.kind}});
    const Value resource = Value::object(
        {{"group", a.resource.group}, {"version", a.resource.version}, {"resource", a.resource.plural}});
    return Value::object({{"uid", a.context.generatedUid},
                          {"kind", kind},
                          {"resource", resource},
                          {"subResource", a.subresource},
                          {"requestKind", kind},
                          {"requestResource", resource},
                          {"name", a.name},
                          {"namespace", a.ns},
                          {"operation", a.operation},
                          {"dryRun", a.context.dryRun},
                          {"userInfo", Value::object({{"username", a.context.user.name},
                                                      {"uid", a.context.user.uid},
                                                      {"groups", Value::strings(a.context.user.groups)}})}});
}

} // namespace

cel::Authority::Answer RequestAuthority::check(const Value& asked) {
    Attributes attributes;
    attributes.user = admission_.context.user;
    if (asked["user"].isString()) {
        attributes.user = UserInfo{};
        attributes.user.name = asked["user"].text();
        const auto parts = base::split(attributes.user.name, ':');
        attributes.user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + parts[2], "system:authenticated"};
    }
    attributes.verb = asked["verb"].text();
    attributes.resourceRequest = asked["resource"].isString();
    attributes.path = asked["path"].text();
    attributes.group = asked["group"].text();
    attributes.version = "*";
    attributes.resource = asked["resource"].text();
    attributes.subresource = asked["subresource"].text();
    attributes.ns = asked["namespace"].text();
    attributes.name = asked["name"].text();
    const Decision decision = authorize(admission_.core, attributes);
    return {decision.allowed, decision.reason};
}

cel::Variables expressionVariables(const Admission& a) {
    cel::Datum authorizer(cel::Datum::Kind::Authorizer, Value::object());
    authorizer.type = "Authorizer";
    document::ObjectBuilder target;
    target.set("group", a.resource.group).set("resource", a.resource.plural).setUnlessEmpty("subresource", a.subresource);
    target.setUnlessEmpty("namespace", a.ns).setUnlessEmpty("name", a.name);
    cel::Datum requested(cel::Datum::Kind::Authorizer, std::move(target).build());
    requested.type = "ResourceCheck";
    return {{"object", a.object},
            {"oldObject", a.old},
            {"request", requestOf(a)},
            {"params", Value()},
            {"namespaceObject", a.ns.empty() ? Value() : a.core.lookup("", "namespaces", "", a.ns)},
            {"variables", Value::object()},
            {"authorizer", authorizer},
            {"authorizer.requestResource", requested}};
}

} // namespace apiserver
