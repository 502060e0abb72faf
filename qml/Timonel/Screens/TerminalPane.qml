import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

FocusScope {
    id: root
    function takeFocus() { left.forceActiveFocus() }
    Rectangle { anchors.fill: parent; color: Theme.surface }
    ColumnLayout {
        anchors.fill: parent
        spacing: 0
        Rectangle {
            Layout.fillWidth: true
            implicitHeight: 36 * Theme.scale
            color: Theme.canvas
            RowLayout {
                anchors.fill: parent
                anchors.rightMargin: 6
                spacing: 0
                ListView {
                    id: tabs
                    Layout.fillWidth: true
                    Layout.fillHeight: true
                    orientation: ListView.Horizontal
                    model: Terminals.tabs
                    clip: true
                    delegate: Rectangle {
                        id: tab
                        required property int session
                        required property string host
                        readonly property bool on: session === Terminals.current || session === Terminals.beside
                        width: row.implicitWidth + 24
                        height: tabs.height
                        color: on ? Theme.surface : tabHover.hovered ? Theme.hover : "transparent"
                        Rectangle { visible: tab.session === Terminals.current; width: parent.width; height: 2; color: Theme.accent }
                        Row {
                            id: row
                            anchors.centerIn: parent
                            spacing: 6
                            TText { text: tab.host; code: true; size: 12; quiet: !tab.on; wrapMode: Text.NoWrap; anchors.verticalCenter: parent.verticalCenter }
                            TButton { kind: "quiet"; iconName: "x"; padding: 2; leftPadding: 2; rightPadding: 2; topPadding: 2; bottomPadding: 2; tip: qsTr("Close"); visible: Terminals.tabs.count > 1; onClicked: Terminals.close(tab.session) }
                        }
                        HoverHandler { id: tabHover }
                        TapHandler { onTapped: { Terminals.current = tab.session; left.forceActiveFocus() } }
                        Accessible.role: Accessible.PageTab
                        Accessible.name: tab.host
                    }
                }
                TButton { kind: "quiet"; iconName: "plus"; tip: qsTr("New terminal (Ctrl+Shift+T)"); onClicked: hostMenu.popup(this, 0, height) }
                TButton { kind: "quiet"; iconName: "columns-2"; tip: qsTr("Split"); onClicked: Terminals.split(Terminals.hosts[0]) }
                TButton { kind: "quiet"; iconName: "search"; tip: qsTr("Search (Ctrl+Shift+F)"); onClicked: root.toggleSearch() }
            }
            Menu {
                id: hostMenu
                Repeater { model: Terminals.hosts; MenuItem { required property string modelData; text: modelData; onTriggered: { Terminals.open(modelData); left.forceActiveFocus() } } }
            }
            Rectangle { anchors.bottom: parent.bottom; width: parent.width; height: 1; color: Theme.line }
        }
        RowLayout {
            visible: searching
            Layout.fillWidth: true
            Layout.margins: 6
            TField {
                id: needle
                Layout.fillWidth: true
                iconName: "search"
                placeholderText: qsTr("Search the terminal")
                onTextChanged: left.search = text
                onAccepted: left.searchNext(true)
                Keys.onEscapePressed: root.toggleSearch()
            }
            TButton { kind: "quiet"; iconName: "chevron-up"; tip: qsTr("Previous match"); onClicked: left.searchNext(true) }
            TButton { kind: "quiet"; iconName: "chevron-down"; tip: qsTr("Next match"); onClicked: left.searchNext(false) }
            TButton { kind: "quiet"; iconName: "x"; tip: qsTr("Close"); onClicked: root.toggleSearch() }
        }
        RowLayout {
            Layout.fillWidth: true
            Layout.fillHeight: true
            spacing: 0
            TerminalItem {
                id: left
                Layout.fillWidth: true
                Layout.fillHeight: true
                focus: true
                session: Terminals.current
                fontSize: 13 * Theme.scale
                Accessible.role: Accessible.Terminal
                Accessible.name: qsTr("Terminal")
                Accessible.description: activeFocus ? screenText : ""
                Rectangle { // where in the scrollback one is
                    visible: left.scroll > 0
                    anchors.right: parent.right
                    width: 4
                    radius: 2
                    color: Theme.muted
                    height: Math.max(20, parent.height * left.visibleRows / (left.historySize + left.visibleRows))
                    y: (parent.height - height) * (1 - left.scroll / Math.max(1, left.historySize))
                }
            }
            Rectangle { visible: Terminals.beside !== 0; width: 1; Layout.fillHeight: true; color: Theme.line }
            TerminalItem {
                visible: Terminals.beside !== 0
                Layout.fillWidth: true
                Layout.fillHeight: true
                session: Terminals.beside
                fontSize: 13 * Theme.scale
                Accessible.role: Accessible.Terminal
                Accessible.name: qsTr("Second terminal")
                Accessible.description: activeFocus ? screenText : ""
            }
        }
        HintPane { Layout.fillWidth: true }
    }
    property bool searching: false
    function toggleSearch() { searching = !searching; if (searching) needle.forceActiveFocus(); else { left.search = ""; left.forceActiveFocus() } }
    Shortcut { sequence: "Ctrl+Shift+T"; onActivated: Terminals.open(Terminals.hosts[0]) }
    Shortcut { sequence: "Ctrl+Shift+F"; onActivated: root.toggleSearch() }
    function step(by) {
        const all = []
        for (let i = 0; i < Terminals.tabs.count; ++i) all.push(Terminals.tabs.get(i).session)
        if (all.length > 1) Terminals.current = all[(all.indexOf(Terminals.current) + by + all.length) % all.length]
        left.forceActiveFocus()
    }
    Shortcut { sequences: ["Ctrl+Tab", "Ctrl+PgDown"]; onActivated: root.step(1) }
    Shortcut { sequences: ["Ctrl+Shift+Tab", "Ctrl+PgUp"]; onActivated: root.step(-1) }
    Shortcut { sequence: "Ctrl+Shift+W"; onActivated: Terminals.close(Terminals.current) }
}
