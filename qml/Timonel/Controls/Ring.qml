import QtQuick
import Timonel.Engine

// A share of 1 as a ring with its number inside.
Item {
    id: root
    property real share: 0
    property real size: 56
    property string text: Math.round(share * 100) + " %"
    property color color: Theme.accent
    implicitWidth: size * Theme.scale
    implicitHeight: implicitWidth
    Canvas {
        id: picture
        anchors.fill: parent
        readonly property real share: root.share
        onShareChanged: requestPaint()
        Connections { target: Theme; function onChanged() { picture.requestPaint() } }
        onPaint: {
            const c = getContext("2d"), r = width / 2
            c.reset()
            c.lineWidth = Math.max(4, width * 0.09)
            c.lineCap = "round"
            c.strokeStyle = Theme.track
            c.beginPath(); c.arc(r, r, r - c.lineWidth / 2 - 1, 0, 7); c.stroke()
            if (share > 0) {
                c.strokeStyle = root.color
                c.beginPath(); c.arc(r, r, r - c.lineWidth / 2 - 1, -Math.PI / 2, -Math.PI / 2 + Math.PI * 2 * Math.min(share, 1)); c.stroke()
            }
        }
    }
    TText { anchors.centerIn: parent; text: root.text; size: root.size > 80 ? 20 : 12; strong: true; wrapMode: Text.NoWrap }
}
