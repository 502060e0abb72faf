import QtQuick
import QtQuick.Controls.Basic
import Timonel.Engine

Button {
    id: control
    property string kind: "secondary" // primary, secondary, quiet
    property string iconName
    property string tip
    readonly property color ink: !enabled ? Theme.muted : kind === "primary" ? Theme.onAccent : kind === "quiet" ? Theme.text : Theme.text
    padding: 8 * Theme.scale
    leftPadding: (text ? 14 : 8) * Theme.scale
    rightPadding: leftPadding
    topPadding: 7 * Theme.scale
    bottomPadding: topPadding
    focusPolicy: Qt.StrongFocus
    Accessible.name: text || tip
    Keys.onReturnPressed: click()
    Keys.onEnterPressed: click()
    contentItem: Row {
        spacing: 6 * Theme.scale
        Icon {
            visible: control.iconName
            name: control.iconName
            color: control.ink
            size: 16
            anchors.verticalCenter: parent.verticalCenter
        }
        TText {
            visible: control.text
            text: control.text
            color: control.ink
            font.weight: Font.Medium
            wrapMode: Text.NoWrap
            anchors.verticalCenter: parent.verticalCenter
        }
    }
    background: Rectangle {
        radius: 6
        color: control.kind === "primary" ? (control.enabled ? (control.down ? Qt.darker(Theme.accent, 1.15) : control.hovered ? Qt.lighter(Theme.accent, 1.1) : Theme.accent) : Theme.line)
             : control.down || control.hovered ? Theme.hover : control.kind === "quiet" ? "transparent" : Theme.surface
        border.width: control.kind === "secondary" ? 1 : 0
        border.color: Theme.line
        Behavior on color { ColorAnimation { duration: Theme.quick } }
        FocusRing { control: control }
    }
    ToolTip.visible: tip && hovered
    ToolTip.delay: 500
    ToolTip.text: tip
}
