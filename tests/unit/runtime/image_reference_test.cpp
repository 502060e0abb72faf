#include <catch2/catch.hpp>

#include "ports/image_reference.h"
#include "runtime/web/nginx_config.h"
#include "unit/runtime/fake_host.h"

TEST_CASE("image names are completed as Docker completes them") {
    REQUIRE(ports::parseImageReference("nginx")->text() == "docker.io/library/nginx:latest");
    REQUIRE(ports::parseImageReference("nicolaka/netshoot")->text() == "docker.io/nicolaka/netshoot:latest");
    REQUIRE(ports::parseImageReference("registry.example.com/team/app:1")->text() == "registry.example.com/team/app:1");
    REQUIRE(ports::parseImageReference("localhost:5000/a")->text() == "localhost:5000/a:latest");
    REQUIRE(ports::parseImageReference("nginx:1.27:x").error().message == "invalid reference format");
    REQUIRE(ports::parseImageReference("Nginx").error().message ==
            "invalid reference format: repository name (library/Nginx) must be lowercase");
    REQUIRE_FALSE(ports::parseImageReference("a//b").ok());
    REQUIRE_FALSE(ports::parseImageReference("").ok());
}

TEST_CASE("nginx names the line of a directive that it does not know") {
    testing_support::MapFiles files;
    files.files["/etc/nginx/nginx.conf"] = "events {}\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n}\n";
    files.files["/etc/nginx/conf.d/a.conf"] = "server {\n  listen 8080;\n  location / { return 200 'hi'; }\n}\n";
    const auto good = runtime::web::readNginxConfig(files, "/etc/nginx/nginx.conf");
    REQUIRE(good.ok());
    REQUIRE(good->find("http")->find("server")->find("listen")->argument() == "8080");
    files.files["/etc/nginx/conf.d/a.conf"] = "server {\n  listn 8080;\n}\n";
    REQUIRE(runtime::web::readNginxConfig(files, "/etc/nginx/nginx.conf").error().message ==
            "unknown directive \"listn\" in /etc/nginx/conf.d/a.conf:2");
}
