import QtQuick
import Timonel.Engine

Rectangle {
    property Item control: parent
    property bool shown: control.visualFocus === undefined ? control.activeFocus : control.visualFocus
    anchors.fill: parent
    anchors.margins: -4
    radius: 8
    color: "transparent"
    border.width: 2
    border.color: Theme.accent
    visible: shown
    z: 10
}
