#include "kubelet/image_manager.h"

#include "base/strings.h"
#include "client/event_recorder.h"
#include "ports/image_reference.h"

namespace kubelet {

sim::Time ImageManager::backoffEnd(std::string_view podUid, std::string_view image) const {
    const std::string key = std::string(podUid) + "_" + std::string(image);
    const sim::Duration delay = backoff_.get(key);
    return delay == 0 ? 0 : backoff_.updated(key) + delay;
}

sim::Task<void> ImageManager::lock() {
    while (pulling_) co_await freed_.wait();
    pulling_ = true;
}

void ImageManager::unlock() {
    pulling_ = false;
    freed_.notify();
}

sim::Task<base::Result<std::string>> ImageManager::ensure(Value pod, Value container) {
    const std::string image = container["image"].text();
    const std::string policy = container["imagePullPolicy"].text();
    const Value reference = client::objectReference(pod, containerFieldPath(pod, container["name"].asString()));
    const auto parsed = ports::parseImageReference(image);
    if (!parsed.ok()) {
        const std::string text = "Failed to apply default image tag " + base::quoteGo(image) +
                                 ": couldn't parse image name " + base::quoteGo(image) + ": " + parsed.error().message;
        core_.recorder->record(reference, "Warning", "InspectFailed", text);
        co_return base::makeError(text, 0, "InvalidImageName");
    }
    auto runtime = core_.runtime();
    if (!runtime.ok())
        co_return base::makeError("Failed to inspect image " + base::quoteGo(image) + ": " +
                                      ports::criErrorText(runtime.error()),
                                  0, "ImageInspectError");
    auto present = co_await (*runtime)->imageStatus(image);
    if (!present.ok()) {
        const std::string text =
            "Failed to inspect image " + base::quoteGo(image) + ": " + ports::criErrorText(present.error());
        core_.recorder->record(reference, "Warning", "InspectFailed", text);
        co_return base::makeError(text, 0, "ImageInspectError");
    }
    const bool found = present->has_value();
    if (found && policy != "Always") {
        core_.recorder->record(reference, "Normal", "Pulled",
                               "Container image " + base::quoteGo(image) +
                                   " already present on machine and can be accessed by the pod");
        co_return (*present)->id;
    }
    if (policy == "Never") {
        const std::string text =
            "Container image " + base::quoteGo(image) + " is not present with pull policy of Never";
        core_.recorder->record(reference, "Warning", "ErrImageNeverPull", text);
        co_return base::makeError(text, 0, "ErrImageNeverPull");
    }
    auto pulled = co_await pull(pod, image, reference);
    co_return pulled;
}

sim::Task<base::Result<std::string>> ImageManager::pull(Value pod, std::string image, Value reference) {
    const std::string key = api::uidOf(pod) + "_" + image;
    if (backoff_.waitingSinceUpdate(key, core_.now())) {
        const std::string text = "Back-off pulling image " + base::quoteGo(image);
        core_.recorder->record(reference, "Normal", "BackOff", text);
        const auto last = lastErrors_.find(key);
        co_return base::makeError(last == lastErrors_.end() ? text : text + ": " + last->second, 0,
                                  "ImagePullBackOff");
    }
    lastErrors_.erase(key);
    core_.recorder->record(reference, "Normal", "Pulling", "Pulling image " + base::quoteGo(image));
    const sim::Time began = core_.now();
    if (core_.config.serializeImagePulls) co_await lock();
    struct Unlock {
        ImageManager* manager;
        ~Unlock() {
            if (manager != nullptr) manager->unlock();
        }
    } unlocker{core_.config.serializeImagePulls ? this : nullptr};
    const sim::Time started = core_.now();
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return base::makeError(ports::criErrorText(runtime.error()), 0, "ErrImagePull");
    auto pulled = co_await (*runtime)->pullImage(image);
    if (!pulled.ok()) {
        const std::string text = pulled.error().code == ports::kCriUnknown ? pulled.error().message
                                                                           : ports::criErrorText(pulled.error());
        core_.log.error("log.go:32", "PullImage from image service failed",
                        {{"err", ports::criErrorText(pulled.error())}, {"image", image}});
        core_.recorder->record(reference, "Warning", "Failed",
                               "Failed to pull image " + base::quoteGo(image) + ": " + text);
        backoff_.next(key, core_.now(), core_.now());
        lastErrors_[key] = "ErrImagePull: " + text;
        co_return base::makeError(text, 0, "ErrImagePull");
    }
    std::uint64_t size = 0;
    auto status = co_await (*runtime)->imageStatus(image);
    if (status.ok() && status->has_value()) size = (*status)->size;
    const auto millis = [](sim::Duration d) { return d / sim::kMillisecond * sim::kMillisecond; };
    core_.recorder->record(reference, "Normal", "Pulled",
                           "Successfully pulled image " + base::quoteGo(image) + " in " +
                               sim::formatGoDuration(millis(core_.now() - started)) + " (" +
                               sim::formatGoDuration(millis(core_.now() - began)) +
                               " including waiting). Image size: " + std::to_string(size) + " bytes.");
    co_return *pulled;
}

} // namespace kubelet
