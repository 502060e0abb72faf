#include "controllers/manager.h"

#include "api/status.h"
#include "controllers/registry.h"
#include "controllers/support/controller.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {

constexpr std::int64_t kTokenSeconds = 3600;

bool enabled(const std::vector<std::string>& selection, const std::string& name, bool byDefault) {
    bool star = false;
    for (const std::string& item : selection) {
        if (item == name) return true;
        if (item == "-" + name) return false;
        if (item == "*") star = true;
    }
    return star && byDefault;
}

} // namespace

struct ControllerManager::State {
    struct Running {
        std::string account;
        bool ownAccount = false;
        std::unique_ptr<client::Client> client;
        std::unique_ptr<Controller> controller;
    };

    State(sim::Kernel& k, ports::NetStack& n, client::Config c, Options o,
          base::Function<void(std::string)> l)
        : kernel(k), network(n), config(std::move(c)), options(std::move(o)),
          log(std::make_shared<base::Function<void(std::string)>>(std::move(l))),
          client(k, n, withAgent("kube-controller-manager")),
          electionClient(k, n, withAgent("leader-election")),
          recorder(electionClient, electionName(options)),
          elector(electionClient, &recorder, options.leaderElection,
                  [this](std::string text) { say(std::move(text)); }) {}

    static std::string electionName(const Options& options) {
        return options.leaderElection.identity;
    }
    client::Config withAgent(const std::string& suffix) const {
        client::Config out = config;
        out.userAgent =
            "kube-controller-manager/" + options.version + " (linux/amd64) kubernetes/" + suffix;
        return out;
    }
    void say(std::string text) {
        if (*log) (*log)(std::move(text));
    }

    sim::Kernel& kernel;
    ports::NetStack& network;
    client::Config config;
    Options options;
    std::shared_ptr<base::Function<void(std::string)>> log;
    client::Client client, electionClient;
    client::EventRecorder recorder;
    client::LeaderElector elector;
    std::unique_ptr<Informers> informers;
    std::vector<Running> running;

    void build();
    static sim::Task<void> startOne(State* state, std::size_t index, sim::Scope* scope);
    static sim::Task<base::Status> renewToken(State* state, std::size_t index);
};

void ControllerManager::State::build() {
    options.log = log;
    informers = std::make_unique<Informers>(client);
    for (const RegistryEntry& entry : registry()) {
        if (!enabled(options.controllers, entry.name, entry.byDefault)) {
            say(std::string("\"Warning: controller is disabled\" controller=\"") + entry.name +
                "\"");
            continue;
        }
        Running item;
        item.account = entry.account;
        item.ownAccount = options.useServiceAccountCredentials && entry.ownAccount;
        client::Config own = withAgent("system:serviceaccount:kube-system:" + item.account);
        // A client certificate would speak before the account's token.
        own.credentials.chain.clear();
        own.credentials.key.reset();
        if (!item.ownAccount) own = withAgent(item.account);
        item.client = std::make_unique<client::Client>(kernel, network, std::move(own));
        item.controller = entry.make(Context{kernel, *item.client, *informers, options});
        if (item.controller) running.push_back(std::move(item));
    }
}

// A token of the controller's service account in kube-system; the account is made when it is
// missing.
sim::Task<base::Status> ControllerManager::State::renewToken(State* state, std::size_t index) {
    const std::string account = state->running[index].account;
    const client::Resource accounts = client::serviceAccountsResource();
    auto found = co_await state->client.get(accounts, "kube-system", account);
    if (!found.ok()) {
        if (!api::isNotFound(found.error())) co_return found.error();
        const Value metadata = Value::object({{"name", account}, {"namespace", "kube-system"}});
        const Value object = Value::object(
            {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", metadata}});
        auto created = co_await state->client.create(accounts, "kube-system", object);
        if (!created.ok() && !api::isAlreadyExists(created.error())) co_return created.error();
    }
    const Value spec = Value::object({{"expirationSeconds", kTokenSeconds}});
    const Value request = Value::object(
        {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", spec}});
    auto token = co_await state->client.create(accounts, "kube-system", request, "token", account);
    if (!token.ok()) co_return token.error();
    state->running[index].client->setBearerToken(token->at("status", "token").text());
    co_return base::okStatus();
}

sim::Task<void> ControllerManager::State::startOne(State* state, std::size_t index,
                                                   sim::Scope* scope) {
    bool started = false;
    for (;;) {
        sim::Duration next = kTokenSeconds * sim::kSecond / 5 * 4;
        if (state->running[index].ownAccount) {
            auto renewed = co_await renewToken(state, index);
            if (!renewed.ok()) next = sim::kSecond;
            if (!renewed.ok() && !started) {
                co_await sim::sleepFor(state->kernel, next);
                continue;
            }
        }
        if (!started) {
            started = true;
            state->running[index].controller->start(*scope);
            if (!state->running[index].ownAccount) co_return;
        }
        co_await sim::sleepFor(state->kernel, next);
    }
}

ControllerManager::ControllerManager(sim::Kernel& kernel, ports::NetStack& network,
                                     client::Config config, Options options,
                                     base::Function<void(std::string)> log)
    : state_(std::make_unique<State>(kernel, network, std::move(config), std::move(options),
                                     std::move(log))) {}
ControllerManager::~ControllerManager() = default;

bool ControllerManager::leading() const { return state_->elector.leading(); }

sim::Task<void> ControllerManager::run() {
    State& state = *state_;
    co_await state.elector.acquire();
    state.build();
    {
        sim::Scope scope(state.kernel);
        state.informers->start(scope);
        for (std::size_t i = 0; i < state.running.size(); ++i)
            scope.spawn(State::startOne(&state, i, &scope), "controller-start");
        co_await state.elector.holdUntilLost();
        state.say("\"leaderelection lost\"");
    }
    state.running.clear();
    state.informers.reset();
}

sim::Task<void> ControllerManager::release() { co_await state_->elector.release(); }

std::vector<ControllerManager::Known> ControllerManager::known() {
    std::vector<Known> out;
    for (const RegistryEntry& entry : registry()) out.push_back({entry.name, entry.byDefault});
    return out;
}

} // namespace controllers
