import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// The text of a lesson's step, its check, and the way on.
Rectangle {
    id: root
    function takeFocus() { flick.forceActiveFocus() }
    color: Theme.surface
    Flickable {
        id: flick
        activeFocusOnTab: true
        Keys.onDownPressed: contentY = Math.min(Math.max(0, contentHeight - height), contentY + 60)
        Keys.onUpPressed: contentY = Math.max(0, contentY - 60)
        Accessible.role: Accessible.Document
        Accessible.name: Lab.taskTitle
        FocusRing { control: flick; shown: flick.activeFocus; anchors.margins: 1 }
        anchors.fill: parent
        anchors.bottomMargin: foot.height
        contentHeight: column.implicitHeight + 40
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        ScrollBar.vertical: ScrollBar {}
        ColumnLayout {
            id: column
            x: 20; y: 16
            width: flick.width - 40
            spacing: 12
            TText { text: qsTr("Step %1 of %2").arg(Lab.taskIndex + 1).arg(Lab.taskCount); quiet: true; size: 12 }
            TText { text: Lab.taskTitle; size: 20; strong: true; Layout.fillWidth: true }
            Markdown { blocks: Lab.taskBlocks; Layout.fillWidth: true }
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
            Rectangle { Layout.fillWidth: true; height: 1; color: Theme.line; visible: Lab.checks.count > 0 }
            CheckList { gentle: true; Layout.fillWidth: true }
            Markdown { visible: Lab.score >= 100; blocks: Lab.score >= 100 ? Lab.explanation : []; Layout.fillWidth: true }
        }
    }
    Rectangle {
        id: foot
        anchors.bottom: parent.bottom
        width: parent.width
        height: 52 * Theme.scale
        color: Theme.surface
        Rectangle { width: parent.width; height: 1; color: Theme.line }
        RowLayout {
            anchors.fill: parent
            anchors.margins: 10
            TButton { kind: "quiet"; iconName: "arrow-left"; tip: qsTr("Previous step"); enabled: Lab.taskIndex > 0; onClicked: Lab.taskIndex-- }
            Row {
                visible: foot.width > 300 * Theme.scale
                spacing: 5
                Repeater {
                    model: Lab.tasks
                    Rectangle { required property var model; width: 8; height: 8; radius: 4; color: model.score >= 100 ? Theme.ready : model.current ? Theme.accent : Theme.line }
                }
            }
            Item { Layout.fillWidth: true }
            TButton { enabled: Lab.hintsLeft > 0; kind: "quiet"; iconName: "lightbulb"; tip: qsTr("%n hint(s) left", "", Lab.hintsLeft); onClicked: Lab.revealHint() }
            TButton { kind: Lab.score >= 100 ? "primary" : "secondary"; text: foot.width > 230 * Theme.scale ? qsTr("Next step") : ""; tip: qsTr("Next step"); iconName: "arrow-right"; enabled: Lab.taskIndex + 1 < Lab.taskCount; onClicked: Lab.taskIndex++ }
        }
    }
}
