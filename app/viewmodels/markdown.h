#pragma once
// Markdown of lessons and tasks as blocks for QML: headings, paragraphs, list items, code. Text stays
// plain: no HTML, no images, no links that open by themselves.

#include <QString>
#include <QVariantList>

namespace app {

// {type: heading|paragraph|item|code, text, level, language}. Inline code is kept in `backticks`.
QVariantList markdownBlocks(const QString& text);

} // namespace app
