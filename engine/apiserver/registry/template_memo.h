#pragma once
// Objects that come one after another from one template (the pods of a ReplicaSet) share its specification.
// What decoding made of the last one, and defaults and filling after that, is the same for the next.

#include "apiserver/core.h"

namespace apiserver {

class TemplateMemo {
public:
    // The memo of a kind whose specification means the same whatever else the object says; null for others.
    static TemplateMemo* of(const api::ResourceInfo& resource);

    // The object with the result in place of its specification, where that is known.
    document::Value decoded(const document::Value& object) const { return replaced(object, given_, decoded_); }
    document::Value filled(const document::Value& object) const { return replaced(object, decoded_, filled_); }
    // What the steps may pass over: an object of nothing but the result.
    document::Value knownDecoded() const { return document::Value::object({{"spec", decoded_}}); }
    document::Value knownFilled() const { return document::Value::object({{"spec", filled_}}); }

    void keepDecoded(const document::Value& before, const document::Value& after);
    void keepFilled(const document::Value& before, const document::Value& after);

private:
    static document::Value replaced(const document::Value& object, const document::Value& from, const document::Value& to);
    document::Value given_, decoded_, filled_; // null: unknown
};

} // namespace apiserver
