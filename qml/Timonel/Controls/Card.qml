import QtQuick
import Timonel.Engine

// A surface that can be pressed.
FocusScope {
    id: root
    property bool pressable: true
    property bool emphasised: false
    property string label
    default property alias content: inner.data
    signal pressed()
    implicitWidth: 240 * Theme.scale
    // A layout says what it needs, and may then fill the card.
    readonly property real wish: inner.children.length === 1 && inner.children[0].implicitHeight > 0 ? inner.children[0].implicitHeight : inner.childrenRect.height
    implicitHeight: wish + 32 * Theme.scale
    activeFocusOnTab: pressable
    Keys.onReturnPressed: if (pressable) pressed()
    Keys.onSpacePressed: if (pressable) pressed()
    Accessible.role: Accessible.Button
    Accessible.name: label
    Accessible.onPressAction: pressed()
    Rectangle {
        anchors.fill: parent
        radius: 10
        color: root.pressable && hover.hovered ? Theme.hover : Theme.surface
        border.width: root.emphasised ? 2 : 1
        border.color: root.emphasised ? Theme.accent : Theme.line
        Behavior on color { ColorAnimation { duration: Theme.quick } }
    }
    FocusRing { control: root; shown: root.activeFocus }
    HoverHandler { id: hover; enabled: root.pressable; cursorShape: Qt.PointingHandCursor }
    TapHandler { enabled: root.pressable; onTapped: root.pressed() }
    Item { id: inner; anchors.fill: parent; anchors.margins: 16 * Theme.scale }
}
