import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls
import Timonel.Screens

ApplicationWindow {
    id: window
    width: 1280
    height: 720
    minimumWidth: 960
    minimumHeight: 600
    visible: true
    title: Lab.packTitle ? Lab.packTitle + " — Timonel" : "Timonel"
    color: Theme.canvas
    property string screen_: "home"
    function go(name) {
        if ((name === "cluster" || name === "terminal") && !Lab.running && !Lab.busy) Lab.openFree()
        screen_ = name
        if (name === "terminal" || name === "work") workspace.focusTerminal()
    }
    readonly property var kindNames: ({ lesson: qsTr("Lesson"), drill: qsTr("Drill"), exam: qsTr("Exam") })
    readonly property bool working: screen_ === "work" || screen_ === "cluster" || screen_ === "terminal"
    readonly property var rail: [
        { key: "home", icon: "house", text: qsTr("Home") }, { key: "work", icon: "graduation-cap", text: qsTr("Learn") },
        { key: "cluster", icon: "boxes", text: qsTr("Cluster") }, { key: "terminal", icon: "square-terminal", text: qsTr("Terminal") },
        { key: "author", icon: "pen-line", text: qsTr("Author") }, { key: "settings", icon: "settings", text: qsTr("Settings") }]

    RowLayout {
        anchors.fill: parent
        spacing: 0
        Rectangle {
            Layout.fillHeight: true
            implicitWidth: 48 * Theme.scale
            color: Theme.surface
            Column {
                y: 8
                width: parent.width
                spacing: 4
                Repeater {
                    model: window.rail
                    TButton {
                        id: railButton
                        required property var modelData
                        required property int index
                        readonly property bool on: window.screen_ === modelData.key
                        anchors.horizontalCenter: parent.horizontalCenter
                        kind: "quiet"
                        leftPadding: 10 * Theme.scale
                        topPadding: 10 * Theme.scale
                        bottomPadding: topPadding
                        iconName: modelData.icon
                        tip: modelData.text
                        enabled: modelData.key !== "work" || Lab.running || Lab.busy
                        onClicked: window.go(modelData.key)
                        Rectangle { visible: railButton.on; x: -4; width: 3; height: parent.height; radius: 2; color: Theme.accent }
                        Shortcut { sequence: "Alt+" + (railButton.index + 1); onActivated: if (railButton.enabled) window.go(railButton.modelData.key) }
                    }
                }
            }
            Rectangle { anchors.right: parent.right; width: 1; height: parent.height; color: Theme.line }
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.fillHeight: true
            spacing: 0
            Rectangle {
                Layout.fillWidth: true
                implicitHeight: 40 * Theme.scale
                color: Theme.surface
                RowLayout {
                    anchors.fill: parent
                    anchors.leftMargin: 16
                    anchors.rightMargin: 8
                    spacing: 12
                    TText { text: window.working ? Lab.packTitle : window.rail.find(r => r.key === window.screen_)?.text ?? qsTr("Report"); strong: true; wrapMode: Text.NoWrap; elide: Text.ElideRight; Layout.fillWidth: true; Layout.maximumWidth: implicitWidth + 1 }
                    RowLayout {
                        visible: window.working && Cluster.loaded && window.width > 820 * Theme.scale
                        spacing: 6
                        StateGlyph { size: 10; state_: Cluster.readyNodeCount === Cluster.nodeCount ? "ready" : "failed" }
                        TText { text: qsTr("%1 of %2 nodes ready").arg(Cluster.readyNodeCount).arg(Cluster.nodeCount); quiet: true; size: 12; wrapMode: Text.NoWrap }
                        StateGlyph { size: 10; state_: Cluster.failedPodCount > 0 ? "failed" : Cluster.readyPodCount === Cluster.podCount ? "ready" : "waiting"; Layout.leftMargin: 8 }
                        TText { text: qsTr("%1 of %2 pods fine").arg(Cluster.readyPodCount).arg(Cluster.podCount); quiet: true; size: 12; wrapMode: Text.NoWrap }
                    }
                    Item { Layout.fillWidth: true }
                    TButton { kind: "secondary"; iconName: "search"; text: window.width > 560 * Theme.scale ? qsTr("Find  Ctrl+K") : ""; tip: qsTr("Find anything (Ctrl+K)"); onClicked: palette.open() }
                    TButton { visible: window.working && Lab.running; kind: "quiet"; iconName: "x"; tip: qsTr("Leave to Home"); onClicked: window.go("home") }
                }
                Rectangle { anchors.bottom: parent.bottom; width: parent.width; height: 1; color: Theme.line }
            }
            Rectangle { // notices: errors with what to do, never silent
                visible: Lab.notice
                Layout.fillWidth: true
                implicitHeight: noticeRow.implicitHeight + 12
                color: Theme.selected
                RowLayout {
                    id: noticeRow
                    x: 16
                    width: parent.width - 24
                    anchors.verticalCenter: parent.verticalCenter
                    Icon { name: "triangle-alert"; color: Theme.waiting; size: 16 }
                    TText { text: Lab.notice; Layout.fillWidth: true }
                    TButton { kind: "quiet"; iconName: "x"; tip: qsTr("Dismiss"); onClicked: Lab.dismissNotice() }
                }
            }
            Item {
                Layout.fillWidth: true
                Layout.fillHeight: true
                Home { anchors.fill: parent; visible: window.screen_ === "home"; onOpen: id => { Lab.openPack(id); window.go("work") } onStartOver: id => { Lab.startOver(id); window.go("work") } onOpenFree: anew => { Lab.openFree(anew); window.go("cluster") } }
                Workspace { id: workspace; objectName: "workspace"; anchors.fill: parent; visible: window.working; place: window.screen_ }
                Report { anchors.fill: parent; visible: window.screen_ === "report"; onBackToWork: window.go("work") }
                Author { anchors.fill: parent; visible: window.screen_ === "author"; onPlay: window.go("work") }
                Settings { anchors.fill: parent; visible: window.screen_ === "settings" }
            }
        }
    }
    Connections {
        target: Lab
        function onOpened() { if (window.working) workspace.focusTerminal() }
        function onPackChanged() { if (Lab.finished && window.screen_ === "work") window.screen_ = "report" }
    }
    Palette {
        id: palette
        objectName: "palette"
        onChosen: (kind, key) => { Inspector.select(kind, key); window.go(window.working ? window.screen_ : "cluster") }
        actions: {
            if (!opened) return []
            const list = window.rail.map(r => ({ text: r.text, detail: qsTr("screen"), run: () => window.go(r.key) }))
            for (let i = 0; i < Lab.packs.count; ++i) { const p = Lab.packs.get(i); list.push({ text: p.title, detail: window.kindNames[p.kind] || p.kind, run: () => { Lab.openPack(p.id); window.go("work") } }) }
            for (let i = 0; i < Lab.tasks.count; ++i) { const t = Lab.tasks.get(i); list.push({ text: t.title, detail: qsTr("task %1").arg(t.number), run: () => { Lab.taskIndex = t.number - 1; window.go("work") } }) }
            return list
        }
    }
    Shortcut { sequence: "Ctrl+K"; onActivated: palette.open() }
    Shortcut { sequence: "F6"; onActivated: if (window.working) workspace.cycleFocus(1); else window.contentItem.nextItemInFocusChain().forceActiveFocus() }
    Shortcut { sequence: "Shift+F6"; enabled: window.working; onActivated: workspace.cycleFocus(-1) }
    Shortcut { sequence: "Ctrl+,"; onActivated: window.go("settings") }
    Welcome { id: welcome; objectName: "welcome"; onBegin: { const next = Lab.recommended; if (next.id) { Lab.openPack(next.id); window.go("work") } else { Lab.openFree(); window.go("cluster") } } }
    Component.onCompleted: if (!Preferences.welcomed) welcome.open()
}
