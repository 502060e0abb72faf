// Certificates, kubeconfig files, manifests and the kubelet's files.
#include "base/assets.h"
#include "base/strings.h"
#include "cluster/kubeadm/kubeadm.h"
#include "cluster/node_files.h"

#include <cstdio>

namespace cluster::kubeadm {
namespace {

constexpr std::int64_t kDay = 24 * sim::kHour;
constexpr const char* kPki = "/etc/kubernetes/pki/";

base::IpAddress address(std::string_view text) { return *base::IpAddress::parse(text); }

Authority makeAuthority(sim::Kernel& kernel, const std::string& name) {
    sim::Random& random = kernel.random("kubeadm/pki/" + name);
    Authority made;
    made.key = pki::makeKey(random);
    pki::SigningProfile profile;
    // kubeadm dates certificates five minutes back, against clocks that differ.
    profile.notBefore = kernel.unixNow() - 5 * sim::kMinute;
    profile.notAfter = kernel.unixNow() + 3650 * kDay;
    profile.authority = true;
    made.certificate = pki::signCertificate({{name, {}}, {name}, {}}, *made.key, profile, nullptr, *made.key, random);
    return made;
}

struct Writer {
    sim::Kernel& kernel;
    ports::FileSystem& files;

    void put(const std::string& path, const std::string& text, std::uint32_t mode) const {
        (void)files.write(path, text, mode);
        (void)files.chmod(path, mode);
    }
    void authority(const std::string& name, const Authority& pair) const {
        put(kPki + name + ".crt", pki::writeCertificatePem(*pair.certificate), 0644);
        put(kPki + name + ".key", pki::writeKeyPem(*pair.key), 0600);
    }
    void pair(const std::string& name, const Authority& authority, const pki::CertificateRequest& request,
              bool server, bool client) const {
        const pki::KeyPtr key = pki::makeKey(kernel.random("kubeadm/pki/keys"));
        const auto certificate = issue(kernel, authority, request, *key, server, client);
        put(kPki + name + ".crt", pki::writeCertificatePem(*certificate), 0644);
        put(kPki + name + ".key", pki::writeKeyPem(*key), 0600);
    }
    void config(const std::string& file, const std::string& server, const Authority& authority,
                const std::string& user, const pki::Name& subject) const {
        const pki::KeyPtr key = pki::makeKey(kernel.random("kubeadm/pki/keys"));
        const auto certificate = issue(kernel, authority, {subject, {}, {}}, *key, false, true);
        const std::string fields =
            "    client-certificate-data: " + base::encodeBase64(pki::writeCertificatePem(*certificate)) +
            "\n    client-key-data: " + base::encodeBase64(pki::writeKeyPem(*key)) + "\n";
        put("/etc/kubernetes/" + file, kubeconfig(server, *authority.certificate, user, fields), 0600);
    }
};

std::string endpoint(const Blueprint& blueprint) {
    return "https://" + firstControlPlane(blueprint).address + ":6443";
}

} // namespace

Secrets makeSecrets(sim::Kernel& kernel) {
    Secrets secrets;
    secrets.kubernetes = makeAuthority(kernel, "kubernetes");
    secrets.etcd = makeAuthority(kernel, "etcd-ca");
    secrets.frontProxy = makeAuthority(kernel, "front-proxy-ca");
    secrets.serviceAccount = pki::makeKey(kernel.random("kubeadm/pki/sa"));
    return secrets;
}

pki::CertificatePtr issue(sim::Kernel& kernel, const Authority& authority, const pki::CertificateRequest& request,
                          const pki::Key& key, bool server, bool client) {
    pki::SigningProfile profile;
    profile.notBefore = pki::inspect(*authority.certificate).notBefore;
    profile.notAfter = kernel.unixNow() + 365 * kDay;
    profile.serverAuth = server;
    profile.clientAuth = client;
    return pki::signCertificate(request, key, profile, authority.certificate.get(), *authority.key,
                                kernel.random("kubeadm/pki/serials"));
}

std::string kubeconfig(const std::string& server, const pki::Certificate& authority, const std::string& user,
                       const std::string& userFields) {
    return "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: " +
           base::encodeBase64(pki::writeCertificatePem(authority)) + "\n    server: " + server +
           "\n  name: kubernetes\ncontexts:\n- context:\n    cluster: kubernetes\n    user: " + user +
           "\n  name: " + user + "@kubernetes\ncurrent-context: " + user +
           "@kubernetes\nkind: Config\nusers:\n- name: " + user + "\n  user:\n" + userFields;
}

void writeControlPlaneFiles(sim::Kernel& kernel, const Secrets& secrets, const Blueprint& blueprint, Node& node) {
    ports::FileSystem& files = *node.machine().files();
    const Writer write{kernel, files};
    const std::string& name = node.blueprint().name;
    const base::IpAddress own = address(node.blueprint().address);
    (void)files.makeDirectories(std::string(kPki) + "etcd", 0755);
    (void)files.makeDirectories("/etc/kubernetes/manifests", 0755);
    (void)files.chmod("/etc/kubernetes/manifests", 0700);
    (void)files.makeDirectories("/var/lib/etcd", 0755);
    (void)files.chmod("/var/lib/etcd", 0700);
    write.authority("ca", secrets.kubernetes);
    write.authority("front-proxy-ca", secrets.frontProxy);
    write.authority("etcd/ca", secrets.etcd);
    write.put(std::string(kPki) + "sa.key", pki::writeKeyPem(*secrets.serviceAccount), 0600);
    write.put(std::string(kPki) + "sa.pub", pki::publicKeyPem(*secrets.serviceAccount), 0600);
    pki::CertificateRequest server{{"kube-apiserver", {}},
                                   {name, "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                                    "kubernetes.default.svc." + blueprint.dnsDomain},
                                   {address(serviceAddress(blueprint, 1)), own}};
    if (const base::IpAddress shared = address(firstControlPlane(blueprint).address); shared != own)
        server.addresses.push_back(shared);
    write.pair("apiserver", secrets.kubernetes, server, true, false);
    write.pair("apiserver-kubelet-client", secrets.kubernetes,
               {{"kube-apiserver-kubelet-client", {"kubeadm:cluster-admins"}}, {}, {}}, false, true);
    write.pair("front-proxy-client", secrets.frontProxy, {{"front-proxy-client", {}}, {}, {}}, false, true);
    write.pair("apiserver-etcd-client", secrets.etcd, {{"kube-apiserver-etcd-client", {}}, {}, {}}, false, true);
    write.pair("etcd/healthcheck-client", secrets.etcd, {{"kube-etcd-healthcheck-client", {}}, {}, {}}, false, true);
    const pki::CertificateRequest etcd{{name, {}}, {name, "localhost"}, {own, address("127.0.0.1"), address("::1")}};
    write.pair("etcd/server", secrets.etcd, etcd, true, true);
    write.pair("etcd/peer", secrets.etcd, etcd, true, true);
    const std::string url = endpoint(blueprint);
    write.config("admin.conf", url, secrets.kubernetes, "kubernetes-admin",
                 {"kubernetes-admin", {"kubeadm:cluster-admins"}});
    write.config("super-admin.conf", url, secrets.kubernetes, "kubernetes-super-admin",
                 {"kubernetes-super-admin", {"system:masters"}});
    const std::string local = "https://" + node.blueprint().address + ":6443";
    write.config("controller-manager.conf", local, secrets.kubernetes, "system:kube-controller-manager",
                 {"system:kube-controller-manager", {}});
    write.config("scheduler.conf", local, secrets.kubernetes, "system:kube-scheduler",
                 {"system:kube-scheduler", {}});
    for (const auto& path : base::assetPaths("cluster/manifests/")) {
        const std::string file = path.substr(path.rfind('/') + 1);
        write.put("/etc/kubernetes/manifests/" + file,
                  fillTemplate(base::asset(path), blueprint, &node.blueprint()), 0600);
    }
    (void)files.makeDirectories("/root/.kube", 0755);
    const auto admin = files.read("/etc/kubernetes/admin.conf");
    if (admin.ok()) write.put("/root/.kube/config", *admin, 0600);
}

void writeKubeletFiles(sim::Kernel& kernel, const Secrets& secrets, const Blueprint& blueprint, Node& node) {
    ports::FileSystem& files = *node.machine().files();
    const Writer write{kernel, files};
    const std::string& name = node.blueprint().name;
    (void)files.makeDirectories(kPki, 0755);
    (void)files.makeDirectories("/etc/kubernetes/manifests", 0755);
    (void)files.makeDirectories("/var/lib/kubelet/pki", 0755);
    write.put(std::string(kPki) + "ca.crt", pki::writeCertificatePem(*secrets.kubernetes.certificate), 0644);
    const pki::KeyPtr key = pki::makeKey(kernel.random("kubeadm/pki/keys"));
    const auto certificate =
        issue(kernel, secrets.kubernetes, {{"system:node:" + name, {"system:nodes"}}, {}, {}}, *key, false, true);
    const auto made = sim::civilTime(kernel.unixNow());
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%04d-%02d-%02d-%02d-%02d-%02d", made.year, made.month, made.day, made.hour,
                  made.minute, made.second);
    const std::string pem = std::string("/var/lib/kubelet/pki/kubelet-client-") + stamp + ".pem";
    write.put(pem, pki::writeCertificatePem(*certificate) + pki::writeKeyPem(*key), 0600);
    (void)files.symlink(pem, "/var/lib/kubelet/pki/kubelet-client-current.pem");
    const std::string fields = "    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n"
                               "    client-key: /var/lib/kubelet/pki/kubelet-client-current.pem\n";
    write.put("/etc/kubernetes/kubelet.conf",
              kubeconfig(endpoint(blueprint), *secrets.kubernetes.certificate, "system:node:" + name, fields), 0600);
    write.put("/var/lib/kubelet/config.yaml",
              fillTemplate(base::asset("cluster/files/kubelet-config.yaml"), blueprint, &node.blueprint()), 0644);
    write.put("/var/lib/kubelet/instance-config.yaml",
              "containerRuntimeEndpoint: \"unix:///run/containerd/containerd.sock\"\n", 0644);
    write.put("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS=\"\"\n", 0644);
}

} // namespace cluster::kubeadm
