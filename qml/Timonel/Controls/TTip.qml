import QtQuick
import Timonel.Engine

// A small card that floats near a point.
Rectangle {
    property alias text: label.text
    visible: text
    width: label.implicitWidth + 20
    height: label.implicitHeight + 12
    radius: 6
    color: Theme.raised
    border.color: Theme.line
    border.width: 1
    z: 100
    TText { id: label; anchors.centerIn: parent; code: true; size: 12; wrapMode: Text.NoWrap }
}
