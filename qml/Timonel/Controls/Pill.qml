import QtQuick
import Timonel.Engine

Rectangle {
    property alias text: label.text
    property color ink: Theme.muted
    implicitWidth: label.implicitWidth + 14 * Theme.scale
    implicitHeight: label.implicitHeight + 4 * Theme.scale
    radius: height / 2
    color: "transparent"
    border.width: 1
    border.color: ink
    TText { id: label; anchors.centerIn: parent; size: 11.5; color: parent.ink; wrapMode: Text.NoWrap }
}
