import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// The task under the workspace: folds out to its text; results show expected, observed and since when.
Rectangle {
    id: root
    objectName: "taskStrip"
    property bool unfolded: true
    property real room: 720 // height of the workspace
    function takeFocus() { chips.forceActiveFocus() }
    color: Theme.surface
    implicitHeight: bar.implicitHeight + 12 + (unfolded ? Math.min(sheet.contentHeight + 16, 250 * Theme.scale, room * 0.36) : 0)
    Behavior on implicitHeight { NumberAnimation { duration: Theme.quick; easing.type: Easing.OutCubic } }
    clip: true
    function time(s) { return Math.floor(s / 3600).toString().padStart(2, "0") + ":" + (Math.floor(s / 60) % 60).toString().padStart(2, "0") + ":" + (s % 60).toString().padStart(2, "0") }
    Rectangle { width: parent.width; height: 1; color: Theme.line }
    RowLayout {
        id: bar
        x: 12; y: 6
        width: parent.width - 24
        spacing: 8
        TButton { kind: "quiet"; iconName: root.unfolded ? "chevron-down" : "chevron-up"; tip: root.unfolded ? qsTr("Fold the task") : qsTr("Show the task"); onClicked: root.unfolded = !root.unfolded }
        ListView { // all tasks at a glance: the current one, those done, those flagged
            id: chips
            Layout.fillWidth: true
            Layout.preferredHeight: 30 * Theme.scale
            orientation: ListView.Horizontal
            spacing: 4
            clip: true
            model: Lab.tasks
            currentIndex: Lab.taskIndex
            activeFocusOnTab: true
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Tasks")
            Keys.onLeftPressed: if (Lab.taskIndex > 0) Lab.taskIndex--
            Keys.onRightPressed: if (Lab.taskIndex + 1 < Lab.taskCount) Lab.taskIndex++
            onCurrentIndexChanged: positionViewAtIndex(currentIndex, ListView.Contain)
            delegate: Rectangle {
                id: chip
                required property var model
                required property int index
                readonly property bool on: index === Lab.taskIndex
                width: Math.max(height, chipRow.implicitWidth + 16 * Theme.scale)
                height: chips.height
                radius: 6
                color: on ? Theme.selected : chipHover.hovered ? Theme.hover : "transparent"
                border.width: on ? (chips.activeFocus ? 2 : 1) : 0
                border.color: Theme.accent
                Accessible.role: Accessible.ListItem
                Accessible.name: qsTr("Task %1: %2").arg(model.number).arg(model.title) + (model.flagged ? ", " + qsTr("flagged") : "")
                Row {
                    id: chipRow
                    anchors.centerIn: parent
                    spacing: 5
                    TText { text: chip.model.number; strong: chip.on; quiet: !chip.on; wrapMode: Text.NoWrap; anchors.verticalCenter: parent.verticalCenter }
                    TText { visible: Lab.packKind === "exam"; text: chip.model.weight + " %"; size: 12; quiet: true; wrapMode: Text.NoWrap; anchors.verticalCenter: parent.verticalCenter }
                    StateGlyph { visible: chip.model.score >= 0; state_: chip.model.score >= 99.9 ? "ready" : chip.model.score > 0 ? "waiting" : "failed"; size: 9; anchors.verticalCenter: parent.verticalCenter }
                    Icon { visible: chip.model.flagged; name: "flag"; size: 13; color: Theme.waiting; anchors.verticalCenter: parent.verticalCenter }
                }
                HoverHandler { id: chipHover; cursorShape: Qt.PointingHandCursor }
                TapHandler { onTapped: Lab.taskIndex = chip.index }
                ToolTip.visible: chipHover.hovered
                ToolTip.delay: 500
                ToolTip.text: chip.model.title
            }
        }
        RowLayout {
            visible: Lab.secondsLeft >= 0
            spacing: 4
            Icon { name: "timer"; size: 16; color: Lab.secondsLeft < 300 ? Theme.failed : Theme.muted }
            TText { text: root.time(Lab.secondsLeft); code: true; color: Lab.secondsLeft < 300 ? Theme.failed : Theme.text; wrapMode: Text.NoWrap; Accessible.name: qsTr("Time left") }
        }
        TButton { visible: Lab.packKind === "exam" && !Lab.finished; kind: "quiet"; iconName: "flag"; opacity: Lab.flagged ? 1 : 0.5; tip: qsTr("Flag for review"); onClicked: Lab.toggleFlag() }
        TButton { visible: !Lab.strict; enabled: Lab.hintsLeft > 0; iconName: "lightbulb"; text: root.width > 760 * Theme.scale ? qsTr("Hint") : ""; tip: qsTr("%n hint(s) left", "", Lab.hintsLeft); onClicked: { root.unfolded = true; Lab.revealHint() } }
        TButton { visible: !Lab.strict; kind: "quiet"; iconName: "rotate-ccw"; tip: qsTr("Put this task back to its beginning"); onClicked: Lab.resetTask() }
        TButton { visible: !Lab.strict; kind: "primary"; iconName: "check"; text: qsTr("Check"); onClicked: { root.unfolded = true; Lab.check() } }
        TText { visible: Lab.score >= 0 && !Lab.strict; text: qsTr("%1 of %2").arg(Lab.checksPassed).arg(Lab.checks.count); quiet: true; wrapMode: Text.NoWrap }
        TButton { visible: Lab.packKind === "exam" && !Lab.finished; kind: "primary"; iconName: "flag"; text: qsTr("Finish"); onClicked: sure.open() }
    }
    Flickable {
        id: sheet
        visible: root.unfolded
        x: 16
        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        anchors.topMargin: 6
        width: parent.width - 32
        contentHeight: body.implicitHeight + 8
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        ScrollBar.vertical: ScrollBar {}
        RowLayout {
            id: body
            width: sheet.width - 12
            spacing: 24
            ColumnLayout {
                Layout.fillWidth: true
                Layout.preferredWidth: 3
                Layout.alignment: Qt.AlignTop
                spacing: 8
                RowLayout {
                    Layout.fillWidth: true
                    spacing: 10
                    TText { text: Lab.taskTitle; size: 15; strong: true; Layout.fillWidth: true; Layout.maximumWidth: implicitWidth + 1 }
                    Pill { visible: Lab.taskHost; text: Lab.taskHost; ink: Theme.accent }
                    Item { Layout.fillWidth: true }
                }
                Markdown { blocks: Lab.taskBlocks; Layout.fillWidth: true; runnable: !Lab.strict }
                Repeater {
                    model: Lab.hints
                    RowLayout {
                        id: hintRow
                        required property string modelData
                        Layout.fillWidth: true
                        Icon { name: "lightbulb"; color: Theme.waiting; size: 16; Layout.alignment: Qt.AlignTop }
                        InlineCode { text: hintRow.modelData; Layout.fillWidth: true }
                    }
                }
            }
            ColumnLayout {
                visible: Lab.checks.count > 0
                Layout.fillWidth: true
                Layout.preferredWidth: 2
                Layout.alignment: Qt.AlignTop
                spacing: 8
                CheckList { Layout.fillWidth: true }
            }
        }
    }
    Dialog {
        id: sure
        parent: T.Overlay.overlay
        anchors.centerIn: parent
        modal: true
        padding: 24
        background: Rectangle { radius: 10; color: Theme.raised; border.color: Theme.line }
        contentItem: ColumnLayout {
            spacing: 16
            TText { text: qsTr("Finish the exam?"); size: 20; strong: true }
            TText { text: qsTr("All tasks are graded on what the cluster is now. You cannot go on afterwards."); Layout.maximumWidth: 360 * Theme.scale }
            RowLayout {
                Layout.alignment: Qt.AlignRight
                TButton { text: qsTr("Go on working"); onClicked: sure.close() }
                TButton { kind: "primary"; text: qsTr("Finish"); onClicked: { sure.close(); Lab.finish() } }
            }
        }
    }
}
