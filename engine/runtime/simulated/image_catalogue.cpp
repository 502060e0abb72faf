#include "runtime/simulated/image_catalogue.h"

#include "base/assets.h"
#include "base/strings.h"
#include "document/yaml.h"
#include "pki/certificate.h"
#include "ports/image_reference.h"

#include <algorithm>

namespace runtime {
namespace {

std::vector<std::string> stringList(const document::Value& value) {
    std::vector<std::string> out;
    for (const document::Value& item : value.items()) out.push_back(item.text());
    return out;
}

std::uint32_t parseMode(std::string_view text) {
    std::uint32_t mode = 0;
    for (const char c : text) mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
    return mode;
}

bool isMode(std::string_view text) {
    return !text.empty() && text.find_first_not_of("01234567") == std::string_view::npos;
}

// The parents of a path exist in every layer that has a file there.
void addParents(std::map<std::string, ImageFile, std::less<>>& files, const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string parent = path.substr(0, slash);
        if (files.count(parent) != 0) continue;
        ImageFile directory;
        directory.path = parent;
        directory.type = ports::FileType::Directory;
        directory.mode = 0755;
        files.emplace(parent, std::move(directory));
    }
}

std::string joinPath(const std::string& directory, const std::string& name) {
    return directory == "/" ? "/" + name : directory + "/" + name;
}

void addPrograms(std::vector<ImageFile>& files, const std::vector<std::string>& words) {
    for (std::size_t i = 2; i < words.size(); ++i) {
        const std::size_t equals = words[i].find('=');
        const std::string name = words[i].substr(0, equals);
        ImageFile file;
        file.path = joinPath(words[1], name);
        file.mode = 0755;
        file.content = ports::programFile(equals == std::string::npos ? name : words[i].substr(equals + 1));
        files.push_back(std::move(file));
    }
}

} // namespace

base::Result<std::vector<ImageFile>> parseLayer(std::string_view text, std::string_view source) {
    std::vector<ImageFile> files;
    int number = 0;
    bool inFile = false;
    for (const std::string& line : base::splitLines(text)) {
        ++number;
        if (!line.empty() && line[0] == '|' && inFile) {
            files.back().content += line.substr(1) + "\n";
            continue;
        }
        inFile = false;
        std::vector<std::string> words = base::splitFields(line);
        if (words.empty() || words[0][0] == '#') continue;
        const bool withMode = words.size() > 2 && isMode(words[1]);
        ImageFile file;
        if (words[0] == "program" && words.size() > 2) {
            addPrograms(files, words);
        } else if (words[0] == "link" && words.size() == 3) {
            file.path = words[1];
            file.type = ports::FileType::Symlink;
            file.mode = 0777;
            file.content = words[2];
            files.push_back(std::move(file));
        } else if ((words[0] == "dir" || words[0] == "file") && words.size() == (withMode ? 3u : 2u)) {
            inFile = words[0] == "file";
            file.type = inFile ? ports::FileType::Regular : ports::FileType::Directory;
            file.path = words.back();
            file.mode = withMode ? parseMode(words[1]) : (inFile ? 0644 : 0755);
            files.push_back(std::move(file));
        } else {
            return base::makeError(std::string(source) + ":" + std::to_string(number) +
                                   ": not a layer entry: " + line);
        }
    }
    return files;
}

ImageCatalogue::ImageCatalogue() {
    for (const std::string& path : base::assetPaths("images/")) {
        if (path.size() < 5 || path.substr(path.size() - 5) != ".yaml") continue;
        const base::Status added = add(base::asset(path), path);
        BASE_ASSERT(added.ok());
    }
}

base::Status ImageCatalogue::add(std::string_view yaml, std::string_view source) {
    BASE_TRY(const std::vector<document::YamlDocument> documents, document::readYamlStream(yaml, source));
    for (const document::YamlDocument& document : documents) {
        const document::Value& data = document.value;
        auto image = std::make_shared<ImageRecord>();
        for (const document::Value& name : data["names"].items()) {
            BASE_TRY(const ports::ImageReference reference, ports::parseImageReference(name.asString()));
            image->names.push_back(reference.text());
        }
        std::sort(image->names.begin(), image->names.end());
        if (image->names.empty()) return base::makeError(std::string(source) + ": image without names");
        image->layers = stringList(data["layers"]);
        image->size = static_cast<std::uint64_t>(data["size"].asInt());
        image->pinned = data["pinned"].asBool();
        image->entrypoint = stringList(data["entrypoint"]);
        image->command = stringList(data["cmd"]);
        image->env = stringList(data["env"]);
        image->ports = stringList(data["ports"]);
        image->volumes = stringList(data["volumes"]);
        image->workingDir = data["workdir"].text();
        image->user = data["user"].text();
        image->stopSignal = data["stopSignal"].text();
        for (const document::Member& label : data["labels"].members())
            image->labels[label.key.text()] = label.value.text();
        // The real identities are not ours to know: each image gets a stable one from its first name.
        image->id = data["id"].isString() ? data["id"].text()
                                          : "sha256:" + base::encodeHex(pki::sha256(image->names.front()));
        for (const std::string& name : image->names) byName_[name] = image;
        byName_[image->id] = image;
        images_.push_back(image);
    }
    return base::okStatus();
}

void ImageCatalogue::addLayer(std::string name, std::string text) {
    extraLayers_[std::move(name)] = std::move(text);
    contents_.clear();
}

ImageRecordPtr ImageCatalogue::find(std::string_view reference) const {
    const auto found = byName_.find(reference);
    return found == byName_.end() ? nullptr : found->second;
}

std::string ImageCatalogue::layerText(const std::string& name) const {
    const auto extra = extraLayers_.find(name);
    if (extra != extraLayers_.end()) return extra->second;
    return std::string(base::asset("images/layers/" + name + ".layer"));
}

std::shared_ptr<const ImageContent> ImageCatalogue::content(const ImageRecord& image) const {
    auto& slot = contents_[image.id];
    if (slot) return slot;
    std::map<std::string, ImageFile, std::less<>> files;
    for (const std::string& layer : image.layers) {
        auto parsed = parseLayer(layerText(layer), layer);
        BASE_ASSERT(parsed.ok());
        for (ImageFile& file : *parsed) {
            addParents(files, file.path);
            files.insert_or_assign(file.path, std::move(file));
        }
    }
    auto content = std::make_shared<ImageContent>();
    content->id = image.id;
    for (auto& [path, file] : files) content->files.push_back(std::move(file));
    slot = std::move(content);
    return slot;
}

} // namespace runtime
