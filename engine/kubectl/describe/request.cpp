// Certificate signing requests.
#include "base/strings.h"
#include "kubectl/describe/writer.h"
#include "kubectl/printers/human.h"
#include "pki/request_details.h"

namespace kubectl {

using document::Value;

namespace {

std::string statusText(const Value& status) {
    bool approved = false, denied = false, failed = false;
    for (const Value& item : status["conditions"].items()) {
        approved = approved || item["type"].asString() == "Approved";
        denied = denied || item["type"].asString() == "Denied";
        failed = failed || item["type"].asString() == "Failed";
    }
    return std::string(denied ? "Denied" : approved ? "Approved" : "Pending") + (failed ? ",Failed" : "") +
           (status["certificate"].asString().empty() ? "" : ",Issued");
}

void list(DescribeWriter& w, const char* title, const std::vector<std::string>& values) {
    if (!values.empty()) w.line(0, std::string("\t") + title + ":\t" + base::join(values, "\n\t\t"));
}

void describeSubject(DescribeWriter& w, const pki::RequestDetails& request) {
    w.line(0, "Subject:");
    w.line(0, "\tCommon Name:\t" + request.commonName);
    w.line(0, "\tSerial Number:\t" + request.serialNumber);
    list(w, "Organization", request.organizations);
    list(w, "Organizational Unit", request.units);
    list(w, "Country", request.countries);
    list(w, "Locality", request.localities);
    list(w, "Province", request.provinces);
    list(w, "StreetAddress", request.streets);
    list(w, "PostalCode", request.postalCodes);
    if (request.dnsNames.empty() && request.emails.empty() && request.uris.empty() && request.addresses.empty()) return;
    w.line(0, "Subject Alternative Names:");
    list(w, "DNS Names", request.dnsNames);
    list(w, "Email Addresses", request.emails);
    list(w, "URIs", request.uris);
    list(w, "IP Addresses", request.addresses);
}

} // namespace

sim::Task<base::Status> describeRequest(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &metadata = c.object["metadata"], &spec = c.object["spec"];
    const auto pem = base::decodeBase64(spec["request"].asString());
    const auto parsed = pki::readRequestDetails(pem.value_or(""));
    if (!parsed.ok()) co_return base::makeError("Error parsing CSR: " + parsed.error().message);
    w.field(0, "Name", c.name);
    w.field(0, "Labels", pairsText(metadata["labels"]));
    w.field(0, "Annotations", pairsText(metadata["annotations"]));
    w.field(0, "CreationTimestamp", longTime(metadata["creationTimestamp"]));
    w.field(0, "Requesting User", spec["username"].asString());
    if (!spec["signerName"].asString().empty()) w.field(0, "Signer", spec["signerName"].asString());
    if (!spec["expirationSeconds"].isNull()) w.field(0, "Requested Duration", humanDuration(spec["expirationSeconds"].asInt() * sim::kSecond));
    w.field(0, "Status", statusText(c.object["status"]));
    describeSubject(w, parsed.value());
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
