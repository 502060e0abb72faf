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
    property string place // the screen of the rail: "work", "cluster", "terminal"
    // With large letters or in a small window there is room for one side only.
    readonly property bool compact: width < 900 * Theme.scale
    property string side: "terminal"
    readonly property var views_: [{ key: "cluster", text: qsTr("Cluster") }, { key: "network", text: qsTr("Network") }, { key: "objects", text: qsTr("Objects") }, { key: "why", text: qsTr("Why") }, { key: "reference", text: qsTr("Reference") }]
    readonly property string emphasis: place === "terminal" ? "terminal" : !compact ? "" : side
    onPlaceChanged: if (place === "cluster") side = "cluster"; else if (place === "terminal" || place === "work") side = "terminal"
    function focusTerminal() { terminal.takeFocus() }
    // F6: text or task, terminal, picture, timeline, and round again.
    function cycleFocus(step) {
        const stops = [lesson, terminal, views, strip, transport].filter(s => s.visible)
        let at = stops.findIndex(s => holds(s))
        stops[(at + step + stops.length) % stops.length].takeFocus()
    }
    function holds(item) {
        for (let f = Window.activeFocusItem; f; f = f.parent) if (f === item) return true
        return false
    }
    ColumnLayout {
        anchors.fill: parent
        spacing: 0
        Rectangle { // which side, where there is room for one
            visible: root.compact && root.place !== "terminal"
            Layout.fillWidth: true
            implicitHeight: sides.implicitHeight + 8
            color: Theme.surface
            Segments {
                id: sides
                x: 8
                anchors.verticalCenter: parent.verticalCenter
                current: root.side === "terminal" ? "terminal" : root.view
                options: [{ key: "terminal", text: qsTr("Terminal") }].concat(root.views_)
                onChosen: key => { root.side = key === "terminal" ? "terminal" : "cluster"; if (key !== "terminal") root.view = key }
            }
            Rectangle { anchors.bottom: parent.bottom; width: parent.width; height: 1; color: Theme.line }
        }
        SplitView {
            Layout.fillWidth: true
            Layout.fillHeight: true
            handle: Rectangle { id: grip; implicitWidth: 5; color: T.SplitHandle.hovered || T.SplitHandle.pressed ? Theme.accent : Theme.canvas; Rectangle { x: 2; width: 1; height: parent.height; color: Theme.line } }
            LessonColumn { id: lesson; visible: Lab.running && Lab.packKind === "lesson"; SplitView.preferredWidth: root.width * (root.compact ? 0.44 : 0.28); SplitView.minimumWidth: 220 * Theme.scale }
            TerminalPane { id: terminal; visible: root.emphasis !== "cluster"; focus: true; SplitView.preferredWidth: root.width * (Lab.packKind === "lesson" ? 0.38 : 0.5); SplitView.fillWidth: root.emphasis === "terminal"; SplitView.minimumWidth: 260 * Theme.scale }
            ColumnLayout {
                id: views
                visible: root.emphasis !== "terminal"
                spacing: 0
                function takeFocus() {
                    const page = pages.itemAt(pages.currentIndex)
                    if (page.takeFocus) page.takeFocus(); else tabs.forceActiveFocus()
                }
                SplitView.fillWidth: true
                SplitView.minimumWidth: 300 * Theme.scale
                Rectangle {
                    visible: !root.compact
                    Layout.fillWidth: true
                    implicitHeight: 40 * Theme.scale
                    color: Theme.surface
                    RowLayout {
                        anchors.fill: parent
                        anchors.leftMargin: 8
                        anchors.rightMargin: 8
                        Segments {
                            id: tabs
                            current: root.view
                            options: root.views_
                            onChosen: key => root.view = key
                        }
                        Item { Layout.fillWidth: true }
                        TCombo {
                            visible: root.view !== "network" && root.view !== "reference" && parent.width > tabs.implicitWidth + 190 * Theme.scale
                            implicitWidth: (parent.width > 560 * Theme.scale ? 190 : 150) * Theme.scale
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
                        id: pages
                        Layout.fillWidth: true
                        Layout.fillHeight: true
                        currentIndex: ["cluster", "network", "objects", "why", "reference"].indexOf(root.view)
                        ClusterPane { ns: root.ns }
                        NetworkPane {}
                        ObjectsPane {}
                        Item { function takeFocus() { why.forceActiveFocus() } WhyList { id: why; anchors.fill: parent; anchors.margins: 12 } }
                        ReferencePane {}
                    }
                    InspectorPane {
                        visible: Inspector.key && root.view !== "why" && root.view !== "network" && root.view !== "reference"
                        Layout.preferredWidth: Math.min(300 * Theme.scale, parent.width * 0.55)
                        Layout.fillHeight: true
                    }
                }
            }
        }
        TaskStrip { id: strip; room: root.height; visible: Lab.running && (Lab.packKind === "drill" || Lab.packKind === "exam"); Layout.fillWidth: true }
        TransportBar { id: transport; Layout.fillWidth: true }
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
            TText { text: Lab.finished || Lab.running ? qsTr("Grading what the cluster does …") : Lab.resuming >= 0 ? qsTr("Bringing back your cluster … %1 %").arg(Math.round(Lab.resuming * 100)) : qsTr("Booting the cluster …"); size: 15; anchors.horizontalCenter: parent.horizontalCenter }
        }
    }
}
