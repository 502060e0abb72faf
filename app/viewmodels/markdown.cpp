#include "viewmodels/markdown.h"

#include <QVariantMap>

#include <md4c.h>

namespace app {
namespace {

struct Builder {
    QVariantList blocks;
    QString text, language;
    int itemDepth = 0, ordered = 0, number = 0;

    void flush(const QString& type, int level = 0) {
        const QString content = type == QLatin1String("code") ? text : text.trimmed();
        if (!content.isEmpty())
            blocks << QVariantMap{{QStringLiteral("type"), type},
                                  {QStringLiteral("text"), type == QLatin1String("code") && content.endsWith(QLatin1Char('\n'))
                                                               ? content.chopped(1) : content},
                                  {QStringLiteral("level"), level},
                                  {QStringLiteral("number"), number},
                                  {QStringLiteral("language"), language}};
        text.clear();
    }
};

int enterBlock(MD_BLOCKTYPE type, void* detail, void* user) {
    auto& b = *static_cast<Builder*>(user);
    if (type == MD_BLOCK_OL) b.ordered = static_cast<int>(static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start);
    if (type == MD_BLOCK_LI) {
        ++b.itemDepth;
        b.number = b.ordered > 0 ? b.ordered++ : 0;
    }
    if (type == MD_BLOCK_CODE) {
        const auto& language = static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang;
        b.language = language.text ? QString::fromUtf8(language.text, static_cast<int>(language.size)) : QString();
    }
    return 0;
}

int leaveBlock(MD_BLOCKTYPE type, void* detail, void* user) {
    auto& b = *static_cast<Builder*>(user);
    switch (type) {
    case MD_BLOCK_H: b.flush(QStringLiteral("heading"), static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level)); break;
    case MD_BLOCK_P: b.flush(b.itemDepth > 0 ? QStringLiteral("item") : QStringLiteral("paragraph"), b.itemDepth); break;
    case MD_BLOCK_CODE: b.flush(QStringLiteral("code")); b.language.clear(); break;
    case MD_BLOCK_LI:
        b.flush(QStringLiteral("item"), b.itemDepth);
        --b.itemDepth;
        b.number = 0;
        break;
    case MD_BLOCK_OL: b.ordered = 0; break;
    default: break;
    }
    return 0;
}

int span(MD_SPANTYPE type, void*, void* user) {
    if (type == MD_SPAN_CODE) static_cast<Builder*>(user)->text += QLatin1Char('`');
    return 0;
}

int onText(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user) {
    auto& b = *static_cast<Builder*>(user);
    if (type == MD_TEXT_SOFTBR) b.text += QLatin1Char(' ');
    else if (type == MD_TEXT_BR) b.text += QLatin1Char('\n');
    else b.text += QString::fromUtf8(text, static_cast<int>(size));
    return 0;
}
} // namespace

QVariantList markdownBlocks(const QString& text) {
    Builder builder;
    MD_PARSER parser{};
    parser.flags = MD_FLAG_NOHTML;
    parser.enter_block = enterBlock;
    parser.leave_block = leaveBlock;
    parser.enter_span = span;
    parser.leave_span = span;
    parser.text = onText;
    const QByteArray bytes = text.toUtf8();
    md_parse(bytes.constData(), static_cast<MD_SIZE>(bytes.size()), &parser, &builder);
    return builder.blocks;
}

} // namespace app
