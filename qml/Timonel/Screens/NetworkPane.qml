import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Item {
    id: root
    // How a connection ended, in words.
    function said(result) {
        return ({ connected: qsTr("connected"), delivered: qsTr("delivered"), refused: qsTr("refused: nobody listens"), rejected: qsTr("rejected by a rule"), timeout: qsTr("no answer"), unreachable: qsTr("unreachable") })[result] || result
    }
    function takeFocus() { source.forceActiveFocus() }
    onVisibleChanged: if (visible) Network.refresh()
    Timer { interval: 2000; running: root.visible && Transport.playing; repeat: true; onTriggered: Network.refresh() }
    ColumnLayout {
    anchors.fill: parent
    spacing: 0
    RowLayout {
        Layout.fillWidth: true
        Layout.margins: 10
        spacing: 8
        TCombo { id: source; code: true; Layout.fillWidth: true; Layout.preferredWidth: 1; model: Network.sources; Accessible.name: qsTr("From") }
        Icon { name: "arrow-right"; color: Theme.muted; size: 16 }
        TCombo { id: target; code: true; Layout.fillWidth: true; Layout.preferredWidth: 1; model: Network.destinations; Accessible.name: qsTr("To") }
        TButton { kind: "primary"; iconName: "route"; text: qsTr("Walk"); enabled: source.currentText && target.currentText; onClicked: Network.walk(source.currentText, target.currentText, "tcp") }
    }
    RowLayout { // outcome
        visible: Network.result
        Layout.leftMargin: 12
        spacing: 8
        StateGlyph { state_: Network.resultState }
        TText { text: root.said(Network.result); strong: true }
        TText { text: qsTr("%n hop(s)", "", Network.hops.count); quiet: true; size: 12 }
    }
    ListView {
        id: strip
        Layout.fillWidth: true
        readonly property bool low: root.height < 460 * Theme.scale
        Layout.preferredHeight: Network.hops.count > 0 ? (low ? 62 : 104) * Theme.scale : 0
        visible: Network.hops.count > 0
        orientation: ListView.Horizontal
        model: Network.hops
        spacing: 6
        leftMargin: 12
        rightMargin: 12
        clip: true
        activeFocusOnTab: true
        currentIndex: Network.currentHop
        Keys.onLeftPressed: Network.currentHop--
        Keys.onRightPressed: Network.currentHop++
        onCurrentIndexChanged: positionViewAtIndex(currentIndex, ListView.Contain)
        ScrollBar.horizontal: ScrollBar {}
        delegate: Rectangle {
            id: hop
            required property int index
            required property string where
            required property string device
            required property string chain
            required property string rule
            required property string verdict
            required property string before
            required property string after
            required property bool rewritten
            width: Math.max(150 * Theme.scale, Math.min(270 * Theme.scale, label.implicitWidth + 24))
            height: (strip.low ? 48 : 88) * Theme.scale
            radius: 8
            color: index === Network.currentHop ? Theme.selected : Theme.surface
            border.width: index === Network.currentHop ? 2 : 1
            border.color: index === Network.currentHop ? Theme.accent : Theme.line
            Accessible.name: where + " " + chain + " " + verdict
            Column {
                anchors.fill: parent
                anchors.margins: 8
                spacing: 1
                TText { text: hop.where + (hop.device ? " · " + hop.device : ""); quiet: true; size: 11; width: parent.width; wrapMode: Text.NoWrap; elide: Text.ElideRight }
                TText { id: label; text: hop.chain || hop.verdict; code: true; strong: true; size: 12; width: parent.width; wrapMode: Text.NoWrap; elide: Text.ElideRight }
                TText { visible: !strip.low; text: hop.rule || hop.before; code: true; size: 10.5; quiet: true; width: parent.width; wrapMode: Text.WrapAnywhere; maximumLineCount: 2; elide: Text.ElideRight }
                TText { visible: hop.rewritten && !strip.low; text: hop.after; code: true; size: 10.5; color: Theme.accent; width: parent.width; wrapMode: Text.NoWrap; elide: Text.ElideRight }
            }
            TapHandler { onTapped: { strip.forceActiveFocus(); Network.currentHop = hop.index } }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.margins: 10
        spacing: 8
        Segments { visible: Terminals.hosts.length <= 4; current: Network.node; options: Terminals.hosts.map(h => ({ key: h, text: h })); onChosen: key => Network.node = key }
        TCombo { visible: Terminals.hosts.length > 4; code: true; implicitWidth: 180 * Theme.scale; model: Terminals.hosts; Accessible.name: qsTr("Node"); onActivated: Network.node = currentText }
        Item { Layout.fillWidth: true }
        Segments { current: Network.table; options: [{ key: "nat", text: "nat" }, { key: "filter", text: "filter" }, { key: "mangle", text: "mangle" }]; onChosen: key => Network.table = key }
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        spacing: 0
        ListView {
            id: chainList
            Layout.preferredWidth: 200 * Theme.scale
            Layout.fillHeight: true
            clip: true
            model: Network.chains
            activeFocusOnTab: true
            ScrollBar.vertical: ScrollBar {}
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Chains")
            Keys.onReturnPressed: if (currentItem) currentItem.clicked()
            delegate: ItemDelegate {
                id: chainRow
                required property var modelData
                width: ListView.view.width
                height: (modelData.note ? 40 : 28) * Theme.scale
                leftPadding: 12
                onClicked: Network.chain = modelData.name
                Accessible.name: modelData.name + " " + modelData.note
                background: Rectangle {
                    color: chainRow.modelData.name === Network.chain ? Theme.selected : chainRow.hovered || (chainRow.ListView.isCurrentItem && chainList.activeFocus) ? Theme.hover : "transparent"
                }
                contentItem: Column {
                    TText { width: parent.width; text: chainRow.modelData.name; code: true; size: 11.5; wrapMode: Text.NoWrap; elide: Text.ElideMiddle }
                    TText { visible: text; width: parent.width; text: chainRow.modelData.note; size: 11.5; quiet: true; wrapMode: Text.NoWrap; elide: Text.ElideMiddle }
                }
            }
        }
        Rectangle { width: 1; Layout.fillHeight: true; color: Theme.line }
        ListView {
            id: ruleList
            Layout.fillWidth: true
            Layout.fillHeight: true
            clip: true
            model: Network.rules
            activeFocusOnTab: true
            ScrollBar.vertical: ScrollBar {}
            Empty { visible: ruleList.count === 0; anchors.centerIn: parent; iconName: "route"; title: qsTr("No rules"); text: qsTr("This table is empty on this node.") }
            delegate: Rectangle {
                id: rule
                required property string text
                required property string comment
                required property var packets
                required property string target
                required property bool jump
                required property bool lit
                required property bool policy
                width: ListView.view.width
                height: Math.max(28 * Theme.scale, words.implicitHeight + 10)
                Accessible.role: Accessible.ListItem
                Accessible.name: text + " " + comment + ", " + qsTr("%n packet(s)", "", packets)
                color: lit ? Theme.selected : ruleHover.hovered ? Theme.hover : "transparent"
                Rectangle { visible: rule.lit; width: 3; height: parent.height; color: Theme.accent }
                TText { x: 8; width: 52 * Theme.scale; anchors.verticalCenter: parent.verticalCenter; text: rule.packets; horizontalAlignment: Text.AlignRight; code: true; size: 11.5; quiet: rule.packets === 0; color: rule.packets > 0 ? Theme.accent : Theme.muted; wrapMode: Text.NoWrap }
                Column {
                    id: words
                    x: 70 * Theme.scale
                    width: parent.width - x - (follow.visible ? follow.width + 6 : 8)
                    anchors.verticalCenter: parent.verticalCenter
                    TText { width: parent.width; text: rule.policy ? qsTr("policy %1").arg(rule.text) : rule.text; code: true; size: 11.5; quiet: rule.policy; wrapMode: Text.WrapAtWordBoundaryOrAnywhere }
                    TText { visible: rule.comment; width: parent.width; text: rule.comment; size: 11.5; quiet: true; wrapMode: Text.NoWrap; elide: Text.ElideRight }
                }
                TButton { id: follow; visible: rule.jump; kind: "quiet"; iconName: "arrow-right"; tip: rule.target; anchors.right: parent.right; anchors.verticalCenter: parent.verticalCenter; onClicked: Network.chain = rule.target }
                HoverHandler { id: ruleHover }
            }
        }
    }
    ColumnLayout {
        visible: Network.recent.count > 0 && root.height > 420 * Theme.scale
        Layout.fillWidth: true
        Layout.maximumHeight: 120 * Theme.scale
        spacing: 0
        Rectangle { Layout.fillWidth: true; height: 1; color: Theme.line }
        TText { text: qsTr("Connections made by programs"); quiet: true; size: 12; Layout.margins: 8 }
        ListView {
            Layout.fillWidth: true
            Layout.fillHeight: true
            Layout.minimumHeight: 70 * Theme.scale
            clip: true
            model: Network.recent
            activeFocusOnTab: true
            delegate: ItemDelegate {
                id: seen
                required property int index
                required property var model
                width: ListView.view.width
                height: 24 * Theme.scale
                onClicked: Network.showRecent(index)
                Accessible.name: model.text + ", " + root.said(model.result)
                background: Rectangle { color: seen.hovered ? Theme.hover : "transparent" }
                contentItem: RowLayout {
                    StateGlyph { size: 9; state_: seen.model.result === "connected" || seen.model.result === "delivered" ? "ready" : "failed" }
                    TText { text: seen.model.text; code: true; size: 11.5; Layout.fillWidth: true; wrapMode: Text.NoWrap; elide: Text.ElideMiddle }
                    TText { text: root.said(seen.model.result); size: 11.5; quiet: true }
                }
            }
        }
    }
}
}
