import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// Terminal left, cluster right, task below: the place where all work happens.
FocusScope {
    id: root
    property string view: "cluster"
    property string ns
    property string emphasis // "terminal", "cluster" or both
    function focusTerminal() { terminal.takeFocus() }
    ColumnLayout {
        anchors.fill: parent
        spacing: 0
        SplitView {
            Layout.fillWidth: true
            Layout.fillHeight: true
            handle: Rectangle { id: grip; implicitWidth: 5; color: T.SplitHandle.hovered || T.SplitHandle.pressed ? Theme.accent : Theme.canvas; Rectangle { x: 2; width: 1; height: parent.height; color: Theme.line } }
            LessonColumn { visible: Lab.running && Lab.packKind === "lesson"; SplitView.preferredWidth: root.width * 0.28; SplitView.minimumWidth: 240 * Theme.scale }
            TerminalPane { id: terminal; visible: root.emphasis !== "cluster"; focus: true; SplitView.preferredWidth: root.width * (Lab.packKind === "lesson" ? 0.38 : 0.5); SplitView.minimumWidth: 280 * Theme.scale }
            ColumnLayout {
                visible: root.emphasis !== "terminal"
                spacing: 0
                SplitView.fillWidth: true
                SplitView.minimumWidth: 300 * Theme.scale
                Rectangle {
                    Layout.fillWidth: true
                    implicitHeight: 40 * Theme.scale
                    color: Theme.surface
                    RowLayout {
                        anchors.fill: parent
                        anchors.leftMargin: 8
                        anchors.rightMargin: 8
                        Segments {
                            current: root.view
                            options: [{ key: "cluster", text: qsTr("Cluster") }, { key: "network", text: qsTr("Network") }, { key: "objects", text: qsTr("Objects") }, { key: "why", text: qsTr("Why") }]
                            onChosen: key => root.view = key
                        }
                        Item { Layout.fillWidth: true }
                        TCombo {
                            visible: root.view !== "network" && parent.width > 460 * Theme.scale
                            implicitWidth: 150 * Theme.scale
                            code: true
                            model: [qsTr("all namespaces")].concat(Cluster.namespaces)
                            Accessible.name: qsTr("Namespace")
                            onActivated: index => { root.ns = index === 0 ? "" : Cluster.namespaces[index - 1]; Objects.ns = root.ns }
                        }
                    }
                    Rectangle { anchors.bottom: parent.bottom; width: parent.width; height: 1; color: Theme.line }
                }
                Rectangle { // the past is another picture: say so
                    visible: !Transport.live
                    Layout.fillWidth: true
                    implicitHeight: past.implicitHeight + 10
                    color: Theme.selected
                    TText { id: past; anchors.centerIn: parent; text: qsTr("You are looking at %1. The terminal stays in the present.").arg(Transport.clock); size: 12 }
                }
                RowLayout {
                    Layout.fillWidth: true
                    Layout.fillHeight: true
                    spacing: 0
                    StackLayout {
                        Layout.fillWidth: true
                        Layout.fillHeight: true
                        currentIndex: ["cluster", "network", "objects", "why"].indexOf(root.view)
                        ClusterPane { ns: root.ns }
                        NetworkPane {}
                        ObjectsPane {}
                        Item { WhyList { anchors.fill: parent; anchors.margins: 12 } }
                    }
                    InspectorPane {
                        visible: Inspector.key && root.view !== "why" && root.view !== "network"
                        Layout.preferredWidth: Math.min(300 * Theme.scale, parent.width * 0.5)
                        Layout.fillHeight: true
                    }
                }
            }
        }
        TaskStrip { visible: Lab.running && (Lab.packKind === "drill" || Lab.packKind === "exam"); Layout.fillWidth: true }
        TransportBar { Layout.fillWidth: true }
    }
    Rectangle { // booting
        anchors.fill: parent
        visible: Lab.busy
        color: Theme.canvas
        opacity: 0.92
        Column {
            anchors.centerIn: parent
            spacing: 12
            StateGlyph { state_: "waiting"; size: 32; anchors.horizontalCenter: parent.horizontalCenter; RotationAnimation on rotation { running: Lab.busy && !Theme.reducedMotion; from: 0; to: 360; duration: 1200; loops: Animation.Infinite } }
            TText { text: Lab.finished || Lab.running ? qsTr("Grading what the cluster does …") : qsTr("Booting the cluster …"); size: 15; anchors.horizontalCenter: parent.horizontalCenter }
        }
    }
}
