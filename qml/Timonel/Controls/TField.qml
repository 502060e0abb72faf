import QtQuick
import QtQuick.Controls.Basic
import Timonel.Engine

TextField {
    id: control
    property string iconName
    font.family: Theme.sans
    font.pixelSize: 13 * Theme.scale
    color: Theme.text
    placeholderTextColor: Theme.muted
    selectionColor: Theme.accent
    selectedTextColor: Theme.onAccent
    leftPadding: (iconName ? 32 : 10) * Theme.scale
    topPadding: 7 * Theme.scale
    bottomPadding: topPadding
    Accessible.name: placeholderText
    Icon { visible: control.iconName; name: control.iconName; color: Theme.muted; size: 16; x: 9 * Theme.scale; anchors.verticalCenter: parent.verticalCenter }
    background: Rectangle {
        radius: 6
        color: Theme.surface
        border.width: control.activeFocus ? 2 : 1
        border.color: control.activeFocus ? Theme.accent : Theme.line
    }
}
