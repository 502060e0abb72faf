import QtQuick
import QtQuick.Layouts
import Timonel.Engine

// Blocks of a lesson or a task. Code can be copied, and run in the current terminal.
ColumnLayout {
    id: root
    property var blocks: []
    property bool runnable: true
    spacing: 10 * Theme.scale
    Repeater {
        model: root.blocks
        Loader {
            id: block
            required property var modelData
            Layout.fillWidth: true
            sourceComponent: modelData.type === "code" ? code : modelData.type === "heading" ? heading : modelData.type === "item" ? item : paragraph
            Component { id: heading; TText { text: block.modelData.text; strong: true; size: block.modelData.level <= 1 ? 20 : 15; topPadding: 6 } }
            Component { id: paragraph; InlineCode { text: block.modelData.text } }
            Component {
                id: item
                RowLayout {
                    spacing: 8
                    TText { text: block.modelData.number > 0 ? block.modelData.number + "." : "•"; quiet: true; Layout.alignment: Qt.AlignTop; Layout.leftMargin: 4 + 14 * (block.modelData.level - 1) }
                    InlineCode { text: block.modelData.text; Layout.fillWidth: true }
                }
            }
            Component {
                id: code
                Rectangle {
                    radius: 6
                    color: Theme.hover
                    id: card
                    // Beside the text where it fits; else below, so that a command is not broken in two.
                    readonly property bool below: measure.implicitWidth > width - 24 - buttons.width
                    implicitHeight: source.implicitHeight + 20 + (below ? buttons.height - 4 : 0)
                    TText { id: measure; visible: false; text: source.text; code: true; size: source.size; wrapMode: Text.NoWrap }
                    TText { id: source; text: block.modelData.text; code: true; size: 12.5; x: 12; y: 10; width: parent.width - 24 - (card.below ? 0 : buttons.width); wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
                    Row {
                        id: buttons
                        x: parent.width - width - 4
                        y: card.below ? parent.height - height - 2 : 4
                        TButton { kind: "quiet"; iconName: "copy"; tip: qsTr("Copy"); onClicked: clipboard.copyText(block.modelData.text) }
                        TButton { visible: root.runnable; kind: "quiet"; iconName: "play"; tip: qsTr("Run in the terminal"); onClicked: Terminals.run(block.modelData.text) }
                    }
                }
            }
        }
    }
    TextEdit { id: clipboard; visible: false; textFormat: TextEdit.PlainText; function copyText(t) { text = t; selectAll(); copy(); text = "" } }
}
