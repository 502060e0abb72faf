#include "kubectl/describe/writer.h"

#include "api/label_selector.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "document/jsonpath.h"
#include "kubectl/commands/create_support.h"
#include "kubectl/printers/human.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>

namespace kubectl {

using document::Value;

DescribeWriter& DescribeWriter::write(int level, std::string_view text) {
    text_.append(static_cast<std::size_t>(level + nest_) * 2, ' ');
    for (const char c : text) {
        if (c == '\x1b') text_ += "^[";
        else if (c == '\r') text_ += "\\r";
        else if (c == '\v') text_ += '\t'; // ends a cell as well
        else if (c == '\f') { // ends a line and every column
            text_ += '\n';
            flush();
        } else text_ += c;
    }
    return *this;
}
void DescribeWriter::field(int level, std::string_view name, std::string_view value) {
    write(level, std::string(name) + ":\t" + std::string(value) + "\n");
}
void DescribeWriter::flush() {
    done_ += alignDescription(text_);
    text_.clear();
}
std::string DescribeWriter::finish() {
    flush();
    return std::move(done_);
}

std::string textOf(const Value& value) { return value.isNull() ? std::string{} : document::formatGoValue(value); }
std::string orDefault(std::string text, std::string_view fallback) {
    return text.empty() ? std::string(fallback) : text;
}
std::string boolText(const Value& value, std::string_view unset) {
    if (value.isNull()) return std::string(unset);
    return value.asBool() ? "True" : "False";
}
std::string longTime(const Value& time) {
    const auto parsed = sim::parseRfc3339(time.asString());
    return parsed ? rfc1123(*parsed) : "Mon, 01 Jan 0001 00:00:00 +0000";
}
std::string ageOf(const DescribeWriter& w, const Value& time) {
    const auto parsed = sim::parseRfc3339(time.asString());
    return parsed ? humanDuration(w.now() - *parsed) : "<unknown>";
}
std::string joined(const Value& list, std::string_view separator) {
    std::vector<std::string> parts;
    for (const Value& item : list.items()) parts.push_back(textOf(item));
    return base::join(parts, separator);
}
std::string goList(const Value& list) { return "[" + joined(list, " ") + "]"; }

std::string selectorString(const Value& selector) {
    auto parsed = api::LabelSelector::fromObject(selector);
    return parsed.ok() ? parsed.value().text() : "<error>";
}
std::string selectorText(const Value& selector) {
    auto parsed = api::LabelSelector::fromObject(selector);
    if (!parsed.ok()) return "<error>";
    const std::string text = parsed.value().text();
    return text.empty() ? "<none>" : text;
}

std::vector<std::string> sortedKeys(const Value& object) {
    std::vector<std::string> keys;
    for (const document::Member& member : object.members()) keys.push_back(member.key.text());
    return keys;
}

std::string pairsText(const Value& map) {
    std::vector<std::string> out;
    for (const document::Member& member : map.members()) out.push_back(member.key.text() + "=" + member.value.text());
    return orDefault(base::join(out, ","), "<none>");
}

void printLabels(DescribeWriter& w, std::string_view title, const Value& labels, std::string_view indent) {
    w.write(0, std::string(indent) + std::string(title) + ":\t");
    if (labels.size() == 0) {
        w.line(0, "<none>");
        return;
    }
    bool first = true;
    for (const document::Member& member : labels.members()) {
        if (!first) w.write(0, indent).write(0, "\t");
        first = false;
        w.line(0, member.key.text() + "=" + member.value.text());
    }
}

void printAnnotations(DescribeWriter& w, std::string_view title, const Value& annotations) {
    constexpr std::size_t kLimit = 140;
    w.write(0, std::string(title) + ":\t");
    bool first = true;
    for (const document::Member& member : annotations.members()) {
        if (member.key.view() == kLastApplied) continue;
        if (!first) w.write(0, "\t");
        first = false;
        std::string value = member.value.text();
        if (!value.empty() && value.back() == '\n') value.pop_back();
        if (value.size() + member.key.view().size() + 2 > kLimit || value.find('\n') != std::string::npos) {
            w.write(0, member.key.text() + ":\n");
            for (const std::string& part : base::split(value, '\n'))
                w.write(0, "\t  " + (part.size() > kLimit - 2 ? part.substr(0, kLimit - 2) + "..." : part) + "\n");
        } else {
            w.write(0, member.key.text() + ": " + value + "\n");
        }
    }
    if (first) w.line(0, "<none>");
}

void printTolerations(DescribeWriter& w, std::string_view title, const Value& tolerations) {
    w.write(0, std::string(title) + ":\t");
    std::vector<Value> list(tolerations.items().begin(), tolerations.items().end());
    if (list.empty()) {
        w.line(0, "<none>");
        return;
    }
    base::goSort(list, [](const Value& a, const Value& b) { return a["key"].asString() < b["key"].asString(); });
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Value& item = list[i];
        const std::string key = item["key"].text(), value = item["value"].text(), effect = item["effect"].text();
        std::string text = (i > 0 ? "\t" : "") + key;
        if (!value.empty()) text += "=" + value;
        if (!effect.empty()) text += ":" + effect;
        if (item["operator"].asString() == "Exists" && value.empty())
            text += !key.empty() || !effect.empty() ? " op=Exists" : "op=Exists";
        if (!item["tolerationSeconds"].isNull()) text += " for " + textOf(item["tolerationSeconds"]) + "s";
        w.line(0, text);
    }
}

std::string controllerOf(const Value& object) {
    for (const Value& owner : object.at("metadata", "ownerReferences").items())
        if (owner["controller"].asBool()) return owner["kind"].text() + "/" + owner["name"].text();
    return {};
}

} // namespace kubectl
