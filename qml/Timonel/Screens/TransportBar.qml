import QtQuick
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Rectangle {
    id: root
    function takeFocus() { track.forceActiveFocus() }
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
        Timeline {
            id: track
            Layout.fillWidth: true
            Layout.fillHeight: true
            Layout.minimumWidth: 80
            Keys.onLeftPressed: Transport.back()
            Keys.onRightPressed: Transport.forward()
            Accessible.role: Accessible.Slider
            Accessible.name: qsTr("Timeline")
            Accessible.description: Transport.clock
            FocusRing { control: track; shown: track.activeFocus; anchors.margins: 2 }
            MouseArea {
                anchors.fill: parent
                hoverEnabled: true
                onPressed: mouse => { track.forceActiveFocus(); Transport.scrub(track.timeAt(mouse.x)) }
                onPositionChanged: mouse => {
                    if (pressed) Transport.scrub(track.timeAt(mouse.x))
                    tip.text = track.textAt(mouse.x)
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
