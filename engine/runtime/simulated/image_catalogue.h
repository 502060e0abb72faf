#pragma once
// The images that exist in the simulated world, as data (assets/images/): names, configuration and
// layers. A layer is a list of files, links and programs (assets/images/layers/*.layer).

#include "base/result.h"
#include "runtime/container_host.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace runtime {

struct ImageRecord {
    std::string id;                  // "sha256:..."
    std::vector<std::string> names;  // full references, sorted
    std::vector<std::string> layers; // names of layer files, lowest first
    std::uint64_t size = 0;
    bool pinned = false;
    std::vector<std::string> entrypoint, command, env, ports, volumes;
    std::string workingDir, user, stopSignal;
    ports::StringMap labels;
};
using ImageRecordPtr = std::shared_ptr<const ImageRecord>;

class ImageCatalogue {
public:
    // Everything below assets/images/. Layers are read when an image is first unpacked.
    ImageCatalogue();

    // By full reference or id; null when there is none.
    ImageRecordPtr find(std::string_view reference) const;
    const std::vector<ImageRecordPtr>& all() const { return images_; }
    std::shared_ptr<const ImageContent> content(const ImageRecord& image) const;
    // Adds or replaces an image (packs may bring their own); same keys as the files in assets/images.
    base::Status add(std::string_view yaml, std::string_view source);
    // A layer's text under a name; replaces an asset of that name.
    void addLayer(std::string name, std::string text);

private:
    std::string layerText(const std::string& name) const;

    std::vector<ImageRecordPtr> images_;
    std::map<std::string, ImageRecordPtr, std::less<>> byName_;
    std::map<std::string, std::string, std::less<>> extraLayers_;
    mutable std::map<std::string, std::shared_ptr<const ImageContent>, std::less<>> contents_;
};

// The files of a layer. Lines: `dir [MODE] PATH`, `program DIRECTORY NAME[=PROGRAM]...`,
// `link PATH TARGET`, `file [MODE] PATH` followed by content lines that begin with "|".
base::Result<std::vector<ImageFile>> parseLayer(std::string_view text, std::string_view source);

} // namespace runtime
