import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// From this state back to the command that led here; each step moves the transport to its instant.
ListView {
    id: root
    clip: true
    model: Inspector.causes
    ScrollBar.vertical: ScrollBar {}
    readonly property var words: ({ command: qsTr("You typed"), api: qsTr("API write"), container: qsTr("Container"), rule: qsTr("Rule"), node: qsTr("Node"), fault: qsTr("Fault"), unit: qsTr("Unit"), pod: qsTr("Pod"), schedule: qsTr("Scheduler") })
    Empty { visible: root.count === 0; anchors.centerIn: parent; width: parent.width * 0.9; iconName: "route"; title: qsTr("Why is it so?"); text: Inspector.key ? qsTr("This state came with the cluster itself.") : qsTr("Select something in the picture or a list: its chain of causes appears here.") }
    delegate: ItemDelegate {
        id: step
        required property int index
        required property real at
        required property string kind
        required property string subject
        required property var model
        width: ListView.view.width
        padding: 6
        onClicked: Transport.scrub(at)
        background: Rectangle { radius: 6; color: step.hovered || step.visualFocus ? Theme.hover : "transparent" }
        contentItem: RowLayout {
            spacing: 10
            ColumnLayout {
                spacing: 0
                Layout.fillHeight: true
                Rectangle { width: 10; height: 10; radius: 5; color: step.kind === "command" ? Theme.accent : "transparent"; border.color: Theme.accent; border.width: 2; Layout.topMargin: 4 }
                Rectangle { width: 2; Layout.fillHeight: true; Layout.leftMargin: 4; color: Theme.line; visible: step.index < root.count - 1 }
            }
            ColumnLayout {
                spacing: 0
                Layout.fillWidth: true
                TText { text: (root.words[step.kind] || step.kind) + "  ·  " + step.at.toFixed(1) + " s"; quiet: true; size: 12 }
                TText { text: step.model.text; code: true; size: 12.5; Layout.fillWidth: true; wrapMode: Text.WrapAnywhere }
            }
        }
    }
}
