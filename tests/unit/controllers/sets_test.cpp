#include "unit/controllers/world.h"

using namespace testing;

namespace {
const std::string kApps = "/apis/apps/v1/namespaces/default";
const std::string kBatch = "/apis/batch/v1/namespaces/default";
const std::string kPods = "/api/v1/namespaces/default/pods";

std::string podTemplate(const std::string& app, const std::string& image,
                        const std::string& more = "") {
    return R"("template":{"metadata":{"labels":{"app":")" + app +
           R"("}},"spec":{"containers":[{"name":"c","image":")" + image + R"("}])" + more + "}}";
}
std::string selector(const std::string& app) {
    return R"("selector":{"matchLabels":{"app":")" + app + R"("}})";
}

std::set<std::string> names(const std::vector<Value>& objects) {
    std::set<std::string> out;
    for (const Value& object : objects) out.insert(api::nameOf(object));
    return out;
}
} // namespace

TEST_CASE("a daemon set has a pod on each fitting node and replaces them one by one") {
    World world;
    world.addNode("n1");
    world.addNode("n2");
    world.create(kApps + "/daemonsets", R"({"metadata":{"name":"agent"},"spec":{)" +
                                            selector("agent") + "," + podTemplate("agent", "a:1") +
                                            "}}");
    world.run(5 * sim::kSecond);
    REQUIRE(world.list(kPods).size() == 2);
    world.addNode("n3");
    world.run(5 * sim::kSecond);
    const Value set = world.get(kApps + "/daemonsets/agent");
    INFO(document::writeJson(set["status"]));
    CHECK(set.at("status", "numberReady").asInt() == 3);
    world.merge(kApps + "/daemonsets/agent",
                R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"a:2"}]}}}})");
    std::int64_t least = 3;
    for (int i = 0; i < 100; ++i) {
        world.run(200 * sim::kMillisecond);
        std::int64_t ready = 0;
        for (const Value& pod : world.list(kPods))
            ready += api::podReady(pod) && !api::isDeleting(pod) ? 1 : 0;
        least = std::min(least, ready);
    }
    CHECK(least == 2);
    CHECK(world.get(kApps + "/daemonsets/agent").at("status", "updatedNumberScheduled").asInt() ==
          3);
    CHECK(world.list(kApps + "/controllerrevisions").size() == 2);
}

TEST_CASE("a stateful set makes, updates and removes its pods in order") {
    World world;
    world.addNode("n1");
    world.create(kApps + "/statefulsets",
                 R"({"metadata":{"name":"db"},"spec":{"serviceName":"db","replicas":3,)" +
                     selector("db") + "," + podTemplate("db", "d:1") + "}}");
    world.run(900 * sim::kMillisecond);
    CHECK(names(world.list(kPods)) == std::set<std::string>{"db-0", "db-1"});
    world.run(5 * sim::kSecond);
    CHECK(names(world.list(kPods)) == std::set<std::string>{"db-0", "db-1", "db-2"});
    CHECK(world.get(kPods + "/db-1").at("spec", "hostname").asString() == "db-1");
    world.merge(kApps + "/statefulsets/db",
                R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"d:2"}]}}}})");
    world.run(1 * sim::kSecond);
    CHECK(world.get(kPods + "/db-0").at("spec", "containers")[0]["image"].asString() == "d:1");
    world.run(20 * sim::kSecond);
    const Value set = world.get(kApps + "/statefulsets/db");
    INFO(document::writeJson(set["status"]));
    CHECK(set.at("status", "updatedReplicas").asInt() == 3);
    CHECK(set.at("status", "currentRevision") == set.at("status", "updateRevision"));
    CHECK(world.get(kPods + "/db-0").at("spec", "containers")[0]["image"].asString() == "d:2");
    world.merge(kApps + "/statefulsets/db", R"({"spec":{"replicas":1}})");
    world.run(10 * sim::kSecond);
    CHECK(names(world.list(kPods)) == std::set<std::string>{"db-0"});
    const auto events = world.events("default", "db");
    CHECK(events.front() == "SuccessfulCreate: Create Pod db-0 in StatefulSet db successful");
}

TEST_CASE("a job runs to completion, and one that keeps failing gives up") {
    World world;
    world.addNode("n1");
    world.finishing.insert("ok:1");
    world.failing.insert("bad:1");
    world.create(kBatch + "/jobs",
                 R"({"metadata":{"name":"pi"},"spec":{"completions":5,"parallelism":2,)" +
                     podTemplate("pi", "ok:1", R"(,"restartPolicy":"Never")") + "}}");
    world.create(kBatch + "/jobs",
                 R"({"metadata":{"name":"never"},"spec":{"backoffLimit":2,)" +
                     podTemplate("never", "bad:1", R"(,"restartPolicy":"Never")") + "}}");
    world.run(20 * sim::kSecond);
    const Value pi = world.get(kBatch + "/jobs/pi");
    INFO(document::writeJson(pi["status"]));
    CHECK(pi.at("status", "succeeded").asInt() == 5);
    CHECK(api::conditionOf(pi, "Complete")["reason"].asString() == "CompletionsReached");
    CHECK(world.list(kPods + "?labelSelector=job-name=pi").size() == 5);
    world.run(60 * sim::kSecond);
    const Value never = world.get(kBatch + "/jobs/never");
    UNSCOPED_INFO(document::writeJson(never["status"]));
    CHECK(never.at("status", "failed").asInt() == 3);
    CHECK(api::conditionOf(never, "Failed")["message"].asString() ==
          "Job has reached the specified backoff limit");
    for (const Value& pod : world.list(kPods)) CHECK(pod.at("metadata", "finalizers").size() == 0);
}

TEST_CASE("an indexed job completes every index") {
    World world;
    world.addNode("n1");
    world.finishing.insert("ok:1");
    world.create(
        kBatch + "/jobs",
        R"({"metadata":{"name":"idx"},"spec":{"completions":4,"parallelism":2,"completionMode":"Indexed",)" +
            podTemplate("idx", "ok:1", R"(,"restartPolicy":"Never")") + "}}");
    world.run(20 * sim::kSecond);
    const Value job = world.get(kBatch + "/jobs/idx");
    INFO(document::writeJson(job["status"]));
    CHECK(job.at("status", "completedIndexes").asString() == "0-3");
    CHECK(api::conditionStatus(job, "Complete") == "True");
}

TEST_CASE("a cron job starts jobs on the minute and keeps three") {
    World world;
    world.addNode("n1");
    world.finishing.insert("ok:1");
    world.create(
        kBatch + "/cronjobs",
        R"({"metadata":{"name":"hello"},"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{)" +
            podTemplate("hello", "ok:1", R"(,"restartPolicy":"Never")") + "}}}}");
    world.run(6 * sim::kMinute);
    const auto jobs = world.list(kBatch + "/jobs");
    CHECK(jobs.size() == 3);
    const Value cron = world.get(kBatch + "/cronjobs/hello");
    INFO(document::writeJson(cron["status"]));
    CHECK(cron.at("status", "lastScheduleTime").isString());
    CHECK(cron.at("status", "lastSuccessfulTime").isString());
    CHECK(cron.at("status", "active").size() == 0);
}
