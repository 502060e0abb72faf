// Deployments, jobs and cron jobs. Source: pkg/cmd/create create_deployment.go, create_job.go,
// create_cronjob.go.
#include "base/strings.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/core/builder.h"

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

// The image's last path part without tag and digest, made a valid container name.
std::string containerName(Session& session, const std::string& image) {
    std::string name = image.substr(image.rfind('/') == std::string::npos ? 0 : image.rfind('/') + 1);
    if (const auto at = name.find(':'); at != std::string::npos) name = name.substr(0, at);
    if (const auto at = name.find('@'); at != std::string::npos) name = name.substr(0, at);
    // Dots and underscores become dashes, and the name is made unique.
    if (name.find_first_of("_.") == std::string::npos) return name;
    for (char& c : name)
        if (c == '_' || c == '.') c = '-';
    return name + "-" + session.kernel().random("kubectl/container-name").suffix(5);
}

Value jobContainer(const std::string& name, const std::string& image, const std::vector<std::string>& command) {
    ObjectBuilder container;
    container.set("name", name).set("image", image).set("resources", Value::object());
    if (!command.empty()) container.set("command", Value::strings(command));
    return std::move(container).build();
}

} // namespace

base::Result<Value> generateDeployment(Session& session, std::string name) {
    const auto images = session.flags.list("image");
    const std::vector<std::string> command =
        session.args.size() > 1 ? std::vector<std::string>(session.args.begin() + 1, session.args.end())
                                : std::vector<std::string>{};
    if (images.size() > 1 && !command.empty())
        return base::makeError("cannot specify multiple --image options and command");
    const std::int64_t port = session.flags.number("port");
    std::vector<Value> containers;
    for (const std::string& image : images) {
        ObjectBuilder container;
        container.set("name", containerName(session, image)).set("image", image).set("resources", Value::object());
        if (!command.empty()) container.set("command", Value::strings(command));
        if (port >= 0 && session.flags.changed("port") && containers.empty())
            container.set("ports", Value::array({Value::object({{"containerPort", port}})}));
        containers.push_back(std::move(container).build());
    }
    const Value labels = Value::object({{"app", name}});
    return makeObject("apps/v1", "Deployment", name)
        .withPath({"metadata", "labels"}, labels)
        .with("spec", Value::object({{"replicas", session.flags.number("replicas")},
                                     {"selector", Value::object({{"matchLabels", labels}})},
                                     {"template", Value::object({{"metadata", Value::object({{"labels", labels}})},
                                                                 {"spec", Value::object({{"containers", Value::array(std::move(containers))}})}})}}));
}

base::Result<Value> generateCronJob(Session& session, std::string name) {
    std::vector<std::string> command(session.args.begin() + 1, session.args.end());
    std::string restart = session.flags.text("restart");
    if (restart.empty()) restart = "OnFailure";
    const Value container = jobContainer(name, session.flags.text("image"), command);
    const Value pod = Value::object({{"metadata", Value::object()},
                                     {"spec", Value::object({{"containers", Value::array({container})}, {"restartPolicy", restart}})}});
    return makeObject("batch/v1", "CronJob", name)
        .with("spec", Value::object({{"schedule", session.flags.text("schedule")},
                                     {"jobTemplate", Value::object({{"metadata", Value::object({{"name", name}})},
                                                                    {"spec", Value::object({{"template", pod}})}})}}));
}

sim::Task<base::Result<Value>> generateJob(Session& session, std::string name) {
    const std::string image = session.flags.text("image"), from = session.flags.text("from");
    std::vector<std::string> command(session.args.begin() + 1, session.args.end());
    if (image.empty() == from.empty()) co_return base::makeError("either --image or --from must be specified");
    if (!from.empty() && !command.empty()) co_return base::makeError("cannot specify --from and command");
    if (from.empty()) {
        const Value pod = Value::object({{"metadata", Value::object()},
                                         {"spec", Value::object({{"containers", Value::array({jobContainer(name, image, command)})}, {"restartPolicy", "Never"}})}});
        co_return makeObject("batch/v1", "Job", name).with("spec", Value::object({{"template", pod}}));
    }
    BuildOptions options = buildOptions(session);
    options.args = {from};
    options.filenames.clear();
    options.allowEmptySelectors = false;
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) {
        co_return built.error();
    }
    const auto errors = built.value().errors();
    if (!errors.empty()) co_return aggregate(errors);
    const auto infos = built.value().infos();
    if (infos.size() != 1) co_return base::makeError("from must be an existing cronjob");
    const Info& info = infos[0];
    if (info.mapping.kind != "CronJob")
        co_return base::makeError("unknown object type *v1." + info.mapping.kind);
    const Value& cron = info.object;
    const Value& source = cron.at("spec", "jobTemplate");
    Value annotations = source.at("metadata", "annotations");
    annotations = annotations.with("cronjob.kubernetes.io/instantiate", "manual");
    Value job = makeObject("batch/v1", "Job", name)
                    .withPath({"metadata", "annotations"}, annotations)
                    .with("spec", source["spec"]);
    if (!source.at("metadata", "labels").isEmpty())
        job = job.withPath({"metadata", "labels"}, source.at("metadata", "labels"));
    const Value owner = Value::object({{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"name", info.name},
                                       {"uid", cron.at("metadata", "uid")}, {"controller", true}});
    co_return job.withPath({"metadata", "ownerReferences"}, Value::array({owner}));
}

} // namespace kubectl
