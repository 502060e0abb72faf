#include "viewmodels/hint_bar.h"

#include "document/json.h"

#include <algorithm>

namespace app {

HintBar::HintBar(EngineThread& engine, LabController& lab, QObject* parent) : QObject(parent), engine_(engine), lab_(lab) {
    connect(&engine, &EngineThread::batch, this, &HintBar::onBatch);
    connect(&lab, &LabController::languageChanged, this, &HintBar::changed);
    connect(&lab, &LabController::packChanged, this, [this] {
        if (lab_.strict() && !lab_.finished()) dismiss();
    });
}

void HintBar::setIndex(int index) {
    if (found_.empty()) return;
    index_ = (index + count()) % count();
    Q_EMIT changed();
}

QString HintBar::in(lab::Text lab::Explanation::*text) const {
    if (found_.empty()) return {};
    return QString::fromStdString((found_[static_cast<std::size_t>(index_)].*text).in(lab_.language().toStdString()));
}

QString HintBar::place() const {
    if (found_.empty() || found_[static_cast<std::size_t>(index_)].line == 0) return {};
    const lab::Explanation& hint = found_[static_cast<std::size_t>(index_)];
    const QString source = hint.source == "stdin" ? tr("here-document") : QString::fromStdString(hint.source);
    return tr("%1, line %2").arg(source).arg(hint.line);
}
QString HintBar::lineText() const { return found_.empty() ? QString() : QString::fromStdString(found_[static_cast<std::size_t>(index_)].lineText); }
QString HintBar::field() const { return found_.empty() ? QString() : QString::fromStdString(found_[static_cast<std::size_t>(index_)].field); }
QString HintBar::suggestion() const { return found_.empty() ? QString() : QString::fromStdString(found_[static_cast<std::size_t>(index_)].suggestion); }

void HintBar::dismiss() {
    ++asked_;
    if (found_.empty()) return;
    found_.clear();
    index_ = 0;
    Q_EMIT changed();
}

void HintBar::onBatch(const BatchPtr& batch) {
    if (batch->world != world_) {
        world_ = batch->world;
        dismiss();
        return; // a resumed world brings its whole past
    }
    const sim::TraceRecord* failure = nullptr;
    for (const auto& record : batch->records) {
        if (record.kind == "command") {
            failure = nullptr;
            dismiss();
        } else if (record.kind == "failure") {
            failure = &record;
        }
    }
    if (failure != nullptr && !(lab_.strict() && !lab_.finished())) ask(*failure);
}

void HintBar::ask(const sim::TraceRecord& failure) {
    const quint64 question = ++asked_;
    using Found = std::vector<lab::Explanation>;
    engine_.ask<Found>(
        [failure](World& world) -> Found {
            auto* cluster = world.cluster();
            if (cluster == nullptr) return {};
            // Only what somebody typed; the lab's own commands fail in silence.
            for (const auto& cause : cluster->kernel().trace().chain(failure.id)) {
                if (cause.kind != "command") continue;
                const auto value = document::readJson(failure.text);
                return value.ok() ? lab::explainFailure(*value, failure.subject, cause.text, *cluster) : Found{};
            }
            return {};
        },
        [this, question](Found found) {
            if (question != asked_) return;
            found_ = std::move(found);
            index_ = 0;
            Q_EMIT changed();
        });
}

} // namespace app
