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
            for (const word of parts[i].split(/(?<=[ \n])/)) if (word) out.push({ text: word, code: false })
        }
        return out
    }
    Repeater {
        model: root.pieces()
        Item {
            id: piece
            required property var modelData
            width: Math.min(word.implicitWidth + (modelData.code ? 8 : 0), root.width)
            height: word.implicitHeight
            Rectangle { visible: piece.modelData.code; anchors.fill: parent; anchors.topMargin: 1; anchors.bottomMargin: 2; radius: 4; color: Theme.hover }
            TText { id: word; text: piece.modelData.text; code: piece.modelData.code; size: piece.modelData.code ? root.size - 1 : root.size; x: piece.modelData.code ? 4 : 0; width: Math.min(implicitWidth, root.width); wrapMode: implicitWidth > root.width ? Text.WrapAnywhere : Text.NoWrap; lineHeight: 1.35 }
        }
    }
}
