#pragma once
// Binds claims to volumes and takes volumes back. Source: pkg/controller/volume/persistentvolume.

#include "controllers/support/controller.h"

#include <set>

namespace controllers {

class PersistentVolumeBinder : public QueueController {
public:
    explicit PersistentVolumeBinder(Context context);

protected:
    // Keys: "c/ns/name" for claims, "v/name" for volumes.
    sim::Task<base::Status> sync(std::string key) override;
    void ready(sim::Scope& scope) override;

private:
    using Value = document::Value;
    static sim::Task<void> resync(PersistentVolumeBinder* self);
    sim::Task<base::Status> syncClaim(Value claim);
    sim::Task<base::Status> syncUnbound(Value claim);
    sim::Task<base::Status> syncNamed(Value claim);
    sim::Task<base::Status> syncBound(Value claim);
    sim::Task<base::Status> syncVolume(Value volume);
    sim::Task<base::Status> bind(Value volume, Value claim);
    sim::Task<base::Status> unbind(Value volume);
    sim::Task<base::Status> reclaim(Value volume);
    sim::Task<base::Status> provision(Value claim);
    sim::Task<base::Result<Value>> setVolumePhase(Value volume, std::string phase,
                                                  std::string message);
    sim::Task<base::Status> setClaimStatus(Value claim, std::string phase, Value volume);
    sim::Task<base::Result<bool>> assignDefaultClass(Value claim);
    bool delayed(const Value& claim) const;
    void explainDelay(const Value& claim);

    // Our own writes come back through the watch and need no look of their own.
    void written(client::Informer& informer, const Value& object);
    bool wroteThis(const Value& object);

    client::Informer& volumes_;
    client::Informer& claims_;
    client::Informer& classes_;
    client::Informer& pods_;
    std::set<std::string> own_;
};

// Tells that growing a claim is left to the driver's resizer. Source: pkg/controller/volume/expand.
class VolumeExpandController : public QueueController {
public:
    explicit VolumeExpandController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& claims_;
    client::Informer& volumes_;
};

// Keeps claims that pods use, and volumes that are bound, from going away.
// Source: pkg/controller/volume/pvcprotection, pvprotection.
class ClaimProtectionController : public QueueController {
public:
    explicit ClaimProtectionController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    bool inUse(const document::Value& claim) const;
    client::Informer& claims_;
    client::Informer& pods_;
};

class VolumeProtectionController : public QueueController {
public:
    explicit VolumeProtectionController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& volumes_;
};

// Keeps VolumeAttributesClasses that claims or volumes name. Source: pkg/controller/volume/vacprotection.
class AttributesClassProtectionController : public QueueController {
public:
    explicit AttributesClassProtectionController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& classes_;
    client::Informer& claims_;
    client::Informer& volumes_;
};

// Claims for generic ephemeral volumes. Source: pkg/controller/volume/ephemeral.
class EphemeralVolumeController : public QueueController {
public:
    explicit EphemeralVolumeController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& pods_;
    client::Informer& claims_;
};

} // namespace controllers
