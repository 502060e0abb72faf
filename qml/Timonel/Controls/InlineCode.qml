import QtQuick
import Timonel.Engine

// A paragraph whose `backticked` words stand in the mono font on a tint. Words flow by themselves:
// no markup language is involved.
Flow {
    id: root
    property string text
    property real size: 13.5
    spacing: 0
    Accessible.role: Accessible.StaticText
    Accessible.name: text
    function pieces() {
        const out = []
        const parts = text.split("`")
        for (let i = 0; i < parts.length; ++i) {
            if (i % 2 === 1) { out.push({ text: parts[i], code: true }); continue }
            for (const word of parts[i].match(/[^ \n]*[ \n]?/g)) if (word) out.push({ text: word, code: false })
        }
        return out
    }
    Repeater {
        model: root.pieces()
        Item {
            id: piece
            required property var modelData
            readonly property real inset: modelData.code ? 4 : 0
            readonly property bool long_: metrics.advanceWidth + 2 * inset > root.width
            width: long_ ? root.width : metrics.advanceWidth + 2 * inset
            height: word.implicitHeight + 4
            TextMetrics { id: metrics; font: word.font; text: piece.modelData.text.replace(/\n/g, " ") }
            Rectangle { visible: piece.modelData.code; anchors.fill: parent; anchors.topMargin: 1; anchors.bottomMargin: 1; radius: 4; color: Theme.hover }
            TText { id: word; y: 2; x: piece.inset; text: piece.modelData.text; code: piece.modelData.code; size: piece.modelData.code ? root.size - 1 : root.size; width: piece.width - 2 * piece.inset; wrapMode: piece.long_ ? Text.WrapAnywhere : Text.NoWrap }
        }
    }
}
