import QtQuick
import Timonel.Engine

// A row of choices of which one holds. Arrow keys move, Tab enters and leaves.
FocusScope {
    id: root
    property var options: [] // [{key, text}]
    property string current
    signal chosen(string key)
    implicitWidth: row.implicitWidth + 4
    implicitHeight: row.implicitHeight + 4
    activeFocusOnTab: true
    function move(step) {
        let at = options.findIndex(o => o.key === current)
        chosen(options[(at + step + options.length) % options.length].key)
    }
    Keys.onLeftPressed: move(-1)
    Keys.onRightPressed: move(1)
    Accessible.role: Accessible.PageTabList
    Rectangle { anchors.fill: parent; radius: 7; color: Theme.hover }
    FocusRing { control: root; shown: root.activeFocus }
    Row {
        id: row
        x: 2; y: 2
        Repeater {
            model: root.options
            Rectangle {
                id: segment
                required property var modelData
                readonly property bool on: modelData.key === root.current
                radius: 6
                color: on ? Theme.surface : "transparent"
                border.width: on ? 1 : 0
                border.color: Theme.line
                width: label.implicitWidth + 22 * Theme.scale
                height: label.implicitHeight + 10 * Theme.scale
                Accessible.role: Accessible.PageTab
                Accessible.name: modelData.text
                TText { id: label; text: segment.modelData.text; anchors.centerIn: parent; wrapMode: Text.NoWrap; quiet: !segment.on; font.weight: segment.on ? Font.DemiBold : Font.Normal }
                TapHandler { onTapped: root.chosen(segment.modelData.key) }
                HoverHandler { cursorShape: Qt.PointingHandCursor }
            }
        }
    }
}
