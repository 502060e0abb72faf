import QtQuick
import Timonel.Engine

Column {
    property string iconName: "info"
    property alias title: heading.text
    property alias text: body.text
    spacing: 8
    width: 320 * Theme.scale
    Icon { name: parent.iconName; color: Theme.muted; size: 28; anchors.horizontalCenter: parent.horizontalCenter }
    TText { id: heading; strong: true; size: 15; width: parent.width; horizontalAlignment: Text.AlignHCenter }
    TText { id: body; quiet: true; width: parent.width; horizontalAlignment: Text.AlignHCenter }
}
