import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// From this state back to the command that led here; each step moves the transport to its instant.
ListView {
    id: root
    clip: true
    activeFocusOnTab: true
    Keys.onReturnPressed: if (currentItem) currentItem.clicked()
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Why")
    model: Inspector.causes
    ScrollBar.vertical: ScrollBar {}
    readonly property var words: ({ command: qsTr("You typed"), api: qsTr("API write"), container: qsTr("Container"), rule: qsTr("Rule"), node: qsTr("Node"), fault: qsTr("Fault"), unit: qsTr("Unit"), pod: qsTr("Pod"), schedule: qsTr("Scheduler"), sandbox: qsTr("Sandbox"), setup: qsTr("Set up by the lab"), check: qsTr("Check of the lab"), input: qsTr("Keys"), failure: qsTr("Error") })
    // "patch by system:node:node02" -> who that is, and what was written.
    function who(kind, text) {
        const parts = text.match(/^(\S+) by (.*)$/)
        if (kind !== "api" || !parts) return words[kind] || kind
        const user = parts[2]
        if (user.startsWith("system:node:")) return qsTr("Kubelet of %1").arg(user.slice(12))
        if (user === "system:kube-scheduler") return qsTr("Scheduler")
        if (user === "system:kube-controller-manager") return qsTr("Controller manager")
        const account = user.match(/^system:serviceaccount:kube-system:(.*)-controller$/)
        if (account) return qsTr("Controller: %1").arg(account[1])
        return user
    }
    function what(kind, text, subject) {
        const parts = text.match(/^(\S+) by (.*)$/)
        return kind === "api" && parts ? parts[1] + " " + subject : text
    }
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
        Accessible.name: (root.words[kind] || kind) + ": " + model.text
        onClicked: Transport.scrub(at)
        background: Rectangle { radius: 6; color: step.hovered || (step.ListView.isCurrentItem && root.activeFocus) ? Theme.hover : "transparent" }
        contentItem: RowLayout {
            spacing: 10
            ColumnLayout {
                spacing: 0
                Layout.fillHeight: true
                Layout.alignment: Qt.AlignTop
                Rectangle { width: 10; height: 10; radius: 5; color: step.kind === "command" ? Theme.accent : "transparent"; border.color: Theme.accent; border.width: 2; Layout.topMargin: 4 }
                Rectangle { width: 2; Layout.fillHeight: true; Layout.leftMargin: 4; color: step.index < root.count - 1 ? Theme.line : "transparent" }
            }
            ColumnLayout {
                spacing: 0
                Layout.fillWidth: true
                TText { text: root.who(step.kind, step.model.text) + "  ·  " + step.at.toFixed(1) + " s"; quiet: true; size: 12 }
                TText { text: root.what(step.kind, step.model.text, step.subject); code: true; size: 12.5; Layout.fillWidth: true; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
            }
        }
    }
}
