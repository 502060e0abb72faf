#pragma once
// Makes sure that an image is present before its container starts. Source: pkg/kubelet/images.

#include "kubelet/backoff.h"
#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <string>

namespace kubelet {

class ImageManager {
public:
    explicit ImageManager(Core& core) : core_(core), backoff_(10 * sim::kSecond, 300 * sim::kSecond) {}

    // The image reference. An error's `reason` is the waiting reason (ErrImagePull, ImagePullBackOff,
    // ErrImageNeverPull, InvalidImageName), its message the waiting message.
    sim::Task<base::Result<std::string>> ensure(Value pod, Value container);
    // The back-off's end for a pod's container image, 0 when there is none.
    sim::Time backoffEnd(std::string_view podUid, std::string_view image) const;
    void forget(std::string_view podUid) { backoff_.remove(std::string(podUid) + "_"); }

private:
    sim::Task<base::Result<std::string>> pull(Value pod, std::string image, Value reference);
    sim::Task<void> lock();
    void unlock();

    Core& core_;
    Backoff backoff_;
    std::map<std::string, std::string> lastErrors_;
    bool pulling_ = false; // pulls go one after the other
    sim::Signal freed_;
};

} // namespace kubelet
