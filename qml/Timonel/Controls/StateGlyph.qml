import QtQuick
import Timonel.Engine

// The shape that goes with a state, so that colour never carries it alone.
Canvas {
    id: root
    property string state_
    property real size: 12
    implicitWidth: size * Theme.scale // a layout takes the wish, not the width of the first moment
    implicitHeight: implicitWidth
    width: implicitWidth
    height: implicitHeight
    onState_Changed: requestPaint()
    onWidthChanged: requestPaint()
    Connections { target: Theme; function onChanged() { root.requestPaint() } }
    Accessible.ignored: true
    onPaint: {
        const c = getContext("2d"), r = width / 2
        c.reset()
        c.translate(r, r)
        c.fillStyle = c.strokeStyle = Theme.state(state_)
        c.beginPath()
        if (state_ === "ready") { c.arc(0, 0, r * 0.85, 0, 7); c.fill() }
        else if (state_ === "waiting") { c.lineWidth = r * 0.4; c.arc(0, 0, r * 0.7, -1.57, 3.14); c.stroke() }
        else if (state_ === "failed") { c.moveTo(0, -r * 0.9); c.lineTo(r * 0.95, r * 0.8); c.lineTo(-r * 0.95, r * 0.8); c.closePath(); c.fill() }
        else if (state_ === "ending") { c.lineWidth = r * 0.25; c.setLineDash([2, 2]); c.arc(0, 0, r * 0.7, 0, 7); c.stroke() }
        else if (state_ === "done") {
            c.fillRect(-r * 0.8, -r * 0.8, r * 1.6, r * 1.6)
            c.strokeStyle = Theme.surface; c.lineWidth = r * 0.28
            c.moveTo(-r * 0.4, 0); c.lineTo(-r * 0.1, r * 0.35); c.lineTo(r * 0.45, -r * 0.35); c.stroke()
        } else if (state_) { c.lineWidth = r * 0.3; c.arc(0, 0, r * 0.7, 0, 7); c.stroke() }
    }
}
