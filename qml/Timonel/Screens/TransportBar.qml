import QtQuick
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Rectangle {
    id: root
    color: Theme.surface
    implicitHeight: 44 * Theme.scale
    Rectangle { width: parent.width; height: 1; color: Theme.line }
    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: 8
        anchors.rightMargin: 12
        spacing: 2
        TButton { kind: "quiet"; iconName: "rewind"; tip: qsTr("Back to the mark before"); onClicked: Transport.back() }
        TButton { kind: "quiet"; iconName: Transport.playing && Transport.live ? "pause" : "play"; tip: Transport.playing ? qsTr("Pause (F8)") : qsTr("Play (F8)"); onClicked: root.toggle() }
        TButton { kind: "quiet"; iconName: "step-forward"; tip: qsTr("One event"); onClicked: Transport.step() }
        TButton { kind: "quiet"; iconName: "skip-forward"; tip: Transport.live ? qsTr("To the next change") : qsTr("On to the next mark"); onClicked: Transport.live ? Transport.jump() : Transport.forward() }
        TCombo {
            readonly property var paces: [0.25, 1, 2, 5, 20, 60, 0]
            implicitWidth: 84 * Theme.scale
            model: ["¼×", "1×", "2×", "5×", "20×", "60×", qsTr("max")]
            currentIndex: paces.indexOf(Transport.pace)
            onActivated: index => Transport.pace = paces[index]
            Accessible.name: qsTr("Pace")
        }
        TText { text: Transport.clock; code: true; size: 15; leftPadding: 10; rightPadding: 10; wrapMode: Text.NoWrap; color: Transport.live ? Theme.text : Theme.waiting; Accessible.name: qsTr("Virtual time") }
        Item {
            id: track
            Layout.fillWidth: true
            Layout.fillHeight: true
            activeFocusOnTab: true
            Keys.onLeftPressed: Transport.back()
            Keys.onRightPressed: Transport.forward()
            Accessible.role: Accessible.Slider
            Accessible.name: qsTr("Timeline")
            FocusRing { control: track; shown: track.activeFocus; anchors.margins: 2 }
            // A sliding window over the last stretch of virtual time.
            readonly property real span: Math.max(60, Math.min(Transport.newestSeconds, 600))
            readonly property real from: Math.max(0, Transport.newestSeconds - span)
            function xOf(at) { return (at - from) / Math.max(1, span) * (width - 8) + 4 }
            Rectangle { anchors.verticalCenter: parent.verticalCenter; width: parent.width; height: 2; radius: 1; color: Theme.line }
            Canvas {
                id: marks
                anchors.fill: parent
                onPaint: {
                    const c = getContext("2d")
                    c.reset()
                    const middle = height / 2
                    for (const mark of Transport.marks) {
                        if (mark.at < track.from) continue
                        const x = track.xOf(mark.at)
                        if (mark.kind === "command") { c.fillStyle = Theme.accent; c.beginPath(); c.moveTo(x - 4, middle - 13); c.lineTo(x + 4, middle - 13); c.lineTo(x, middle - 6); c.fill() }
                        else if (mark.kind === "warning") { c.fillStyle = Theme.failed; c.fillRect(x - 1, middle - 7, 2, 14) }
                        else { c.fillStyle = Theme.muted; c.fillRect(x - 0.5, middle - 3, 1, 6) }
                    }
                }
                Connections { target: Transport; function onMarksChanged() { marks.requestPaint() } }
                Connections { target: Theme; function onChanged() { marks.requestPaint() } }
                Timer { interval: 500; repeat: true; running: root.visible && Transport.playing; onTriggered: marks.requestPaint() }
            }
            Rectangle { x: track.xOf(Transport.seconds) - 1; width: 2; height: parent.height - 12; y: 6; color: Transport.live ? Theme.accent : Theme.waiting }
            MouseArea {
                anchors.fill: parent
                hoverEnabled: true
                function at(x) { return track.from + (x - 4) / (track.width - 8) * track.span }
                onPressed: mouse => { track.forceActiveFocus(); Transport.scrub(at(mouse.x)) }
                onPositionChanged: mouse => {
                    if (pressed) Transport.scrub(at(mouse.x))
                    let best = null
                    for (const mark of Transport.marks) if (Math.abs(track.xOf(mark.at) - mouse.x) < 5) best = mark
                    tip.text = best ? best.text : ""
                    tip.x = Math.max(0, Math.min(mouse.x - tip.width / 2, track.width - tip.width))
                }
                onExited: tip.text = ""
            }
            TTip { id: tip; y: -height - 4 }
        }
        TButton { visible: !Transport.live; kind: "primary"; text: qsTr("Back to now"); iconName: "history"; onClicked: Transport.returnToNow() }
    }
    function toggle() { if (!Transport.live) Transport.returnToNow(); else Transport.playing = !Transport.playing }
    Shortcut { sequence: "F8"; onActivated: root.toggle() }
}
