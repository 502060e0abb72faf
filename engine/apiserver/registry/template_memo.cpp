#include "apiserver/registry/template_memo.h"

namespace apiserver {

using document::Value;

TemplateMemo* TemplateMemo::of(const api::ResourceInfo& resource) {
    thread_local TemplateMemo pods;
    const bool isPods = resource.plural == "pods" && resource.group.empty() && !resource.custom;
    return isPods ? &pods : nullptr;
}

Value TemplateMemo::replaced(const Value& object, const Value& from, const Value& to) {
    const Value& spec = object["spec"];
    return spec.isObject() && !to.isNull() && spec.sameAs(from) ? object.with("spec", to) : object;
}

void TemplateMemo::keepDecoded(const Value& before, const Value& after) {
    if (!before["spec"].isObject() || after["spec"].sameAs(decoded_)) return;
    given_ = before["spec"];
    decoded_ = after["spec"];
    filled_ = {};
}

void TemplateMemo::keepFilled(const Value& before, const Value& after) {
    if (!decoded_.isNull() && before["spec"].sameAs(decoded_)) filled_ = after["spec"];
}

} // namespace apiserver
